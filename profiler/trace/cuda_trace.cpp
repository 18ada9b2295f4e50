// SPDX-License-Identifier: Apache-2.0
#include "profiler/trace/cuda_trace.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "profiler/trace/clock_fit.h"
#include "profiler/trace/memory_lines.h"

namespace hone::profiler {
namespace {

// Tracks: calls, the profiler, ranges, waits, then three a stream and more where kernels of a
// stream overlap.
constexpr std::int32_t kCalls = 0, kProfiler = 1, kRanges = 2, kWaits = 3, kFirstStream = 16;

bool launches_a_kernel(std::string_view call) {
    return call.starts_with("cudaLaunchKernel") || call.starts_with("cuLaunchKernel") ||
           call.starts_with("cudaLaunchCooperativeKernel") ||
           call.starts_with("cuLaunchCooperativeKernel");
}

class Joiner {
public:
    explicit Joiner(const CudaRecording& recording)
        : recording_(recording), clock_(recording.clock) {
        trace_.device.device = recording.device;
        trace_.device.source = recording.source;
        trace_.device.problem = recording.problem;
        trace_.device.lost_records = recording.lost_records;
        trace_.device.clock_error = clock_.worst();
        trace_.device.peak_bandwidth = recording.peak_bandwidth;
        trace_.device.peak_flops = recording.peak_flops;
        trace_.device.counters_source = recording.counters_source;
        trace_.device.counters_problem = recording.counters_problem;
    }

    Trace join() {
        read_marks();
        for (const CudaRecording::Record& record : recording_.records) add(record);
        gather_counters();
        give_costs();
        count_launches();
        std::stable_sort(
            trace_.events.begin(), trace_.events.end(),
            [](const TraceEvent& a, const TraceEvent& b) { return a.start < b.start; });
        leave_out_nested_calls();
        separate_overlaps();
        add_tracks();
        MemoryLines memory = memory_lines(recording_, clock_);
        trace_.memory = std::move(memory.lines);
        trace_.device.unknown_times += memory.unknown_times;
        trace_.device.memory_difference = memory.difference;
        return std::move(trace_);
    }

private:
    void read_marks() {
        for (const auto& [activity, name] : recording_.records) {
            if (activity.kind == ActivityKind::correlation)
                mark_of_[activity.correlation] = activity.mark;
            if (activity.kind == ActivityKind::graph_node)
                mark_of_node_[activity.graph_node] = activity.mark;
        }
    }

    const QueuedOperation* operation(std::uint64_t mark) const {
        return mark > 0 && mark <= recording_.operations.size() ? &recording_.operations[mark - 1]
                                                                : nullptr;
    }

    // What was captured together with the mark's operation; null where that was queued to run.
    const CapturedOperations* capture_of(std::uint64_t mark) const {
        const auto after = std::upper_bound(
            recording_.captures.begin(), recording_.captures.end(), mark,
            [](std::uint64_t value, const CapturedOperations& of) { return value < of.first; });
        if (after == recording_.captures.begin()) return nullptr;
        const CapturedOperations& before = *(after - 1);
        return mark < before.first + static_cast<std::uint64_t>(before.count) ? &before : nullptr;
    }

    // The mark of the operation that a kernel, copy or fill belongs to; 0: none.
    std::uint64_t mark_of(const Activity& activity) const {
        const auto launched = mark_of_.find(activity.correlation);
        const std::uint64_t mark = launched == mark_of_.end() ? 0 : launched->second;
        if (activity.graph_node == 0) return mark;
        const auto node = mark_of_node_.find(activity.graph_node);
        if (node == mark_of_node_.end()) return 0;
        const std::uint64_t captured = node->second;
        const CapturedOperations* const capture = capture_of(captured);
        return mark == 0 || capture == nullptr ? captured : mark + (captured - capture->first);
    }

    std::uint16_t name(std::string_view text) {
        const auto [at, added] = name_of_.try_emplace(
            std::string(text), static_cast<std::uint16_t>(trace_.names.size()));
        if (added) trace_.names.emplace_back(text);
        return at->second;
    }

    std::int32_t launch(const KernelLaunch& made) {
        const auto [at, added] =
            launch_of_.try_emplace(made, static_cast<std::int32_t>(trace_.launches.size()) + 1);
        if (added) trace_.launches.push_back(made);
        return at->second;
    }

    std::int32_t stream_track(const Activity& activity, TrackKind kind) {
        const auto key = std::make_pair(std::make_pair(activity.device, activity.stream), kind);
        const auto [at, added] =
            stream_tracks_.try_emplace(key, kFirstStream + std::ssize(stream_tracks_));
        return at->second;
    }

    void add(const CudaRecording::Record& record) {
        const Activity& activity = record.activity;
        const std::string_view text = recording_.names.at(record.name);
        switch (activity.kind) {
            case ActivityKind::kernel:
                ++trace_.device.kernels;
                return place(activity, TrackKind::stream, Operation::unattributed, text,
                             mark_of(activity));
            case ActivityKind::span:
                return place(activity, TrackKind::stream, Operation::unattributed, text,
                             activity.mark);
            case ActivityKind::copy: {
                const std::string label =
                    "copy " +
                    std::string(kCopyDirections[static_cast<std::size_t>(activity.direction)]);
                return place(activity, TrackKind::copies, Operation::copy, label,
                             mark_of(activity));
            }
            case ActivityKind::fill:
                return place(activity, TrackKind::copies, Operation::fill, "fill",
                             mark_of(activity));
            case ActivityKind::runtime_call:
            case ActivityKind::driver_call:
                return place(activity, TrackKind::calls, Operation::call, text, mark_of(activity));
            case ActivityKind::overhead:
                return place(activity, TrackKind::profiler, Operation::overhead,
                             text.empty() ? "profiler's overhead" : text, 0);
            case ActivityKind::range:
                return add_range(activity, text);
            case ActivityKind::synchronise:
                return place(activity, TrackKind::waits, Operation::call,
                             text.empty() ? "wait" : text, 0);
            default:
                return;
        }
    }

    // Its beginning waits for its end.
    void add_range(const Activity& activity, std::string_view text) {
        if (activity.end < 0) {
            open_ranges_[activity.correlation] = {activity.start, text};
            return;
        }
        Activity whole = activity;
        if (whole.start < 0) {
            const auto begun = open_ranges_.find(activity.correlation);
            if (begun == open_ranges_.end()) return;  // began before the trace
            std::tie(whole.start, text) = begun->second;
            open_ranges_.erase(begun);
        }
        place(whole, TrackKind::ranges, Operation::call, text, 0);
    }

    void place(const Activity& activity, TrackKind kind, Operation otherwise, std::string_view text,
               std::uint64_t mark) {
        if (activity.start < 0 || activity.end < activity.start) {
            ++trace_.device.unknown_times;
            return;
        }
        const std::int64_t start = clock_.host(activity.start) - recording_.begin;
        const std::int64_t end = clock_.host(activity.end) - recording_.begin;
        if (end < 0) return;  // of what came before
        TraceEvent event{.start = std::max<std::int64_t>(start, 0), .operation = otherwise};
        event.duration = end - event.start;
        event.bytes = activity.bytes;
        const QueuedOperation* const of = operation(mark);
        if (of != nullptr) {
            event.layer = of->layer;
            event.phase = of->phase;
            phase_ = of->phase;
        } else {
            event.phase = phase_;
        }
        if (kind == TrackKind::stream) {
            trace_.device.kernel_time += event.duration;
            if (of != nullptr) {
                event.operation = of->operation;
                trace_.device.attributed_time += event.duration;
                std::size_t& longest =
                    longest_.try_emplace(mark, trace_.events.size()).first->second;
                if (trace_.events.size() > longest &&
                    trace_.events[longest].duration < event.duration)
                    longest = trace_.events.size();
                if (text.empty()) text = recording_.operation_names.at(of->name);
            }
            if (activity.kind == ActivityKind::kernel)
                event.launch = launch(
                    {activity.grid, activity.block, activity.registers, activity.shared_bytes});
        }
        event.track = kind == TrackKind::calls      ? kCalls
                      : kind == TrackKind::profiler ? kProfiler
                      : kind == TrackKind::ranges   ? kRanges
                      : kind == TrackKind::waits    ? kWaits
                                                    : stream_track(activity, kind);
        event.name = name(text.empty() ? "unknown" : text);
        trace_.events.push_back(event);
    }

    using Alike = std::tuple<Operation, TracePhase, std::int32_t, std::string>;

    // The means of operations that are alike. The pass that was counted is not the one that was
    // traced: its marks say nothing here.
    void gather_counters() {
        for (const CountedOperation& of : recording_.counted) {
            const auto [at, added] =
                counters_of_.try_emplace(Alike{of.operation, of.phase, of.layer, of.name},
                                         static_cast<std::int32_t>(trace_.counters.size()) + 1);
            if (added)
                trace_.counters.push_back({of.operation, of.phase, of.layer, of.name, 0, {}});
            OperationCounters& sum = trace_.counters[static_cast<std::size_t>(at->second - 1)];
            ++sum.count;
            sum.mean.dram_read += of.counters.dram_read;
            sum.mean.dram_written += of.counters.dram_written;
            sum.mean.tensor += of.counters.tensor;
            sum.mean.busy += of.counters.busy;
            sum.mean.nanoseconds += of.counters.nanoseconds;
        }
        for (OperationCounters& sum : trace_.counters) {
            const auto count = static_cast<double>(sum.count);
            for (double* const figure : {&sum.mean.dram_read, &sum.mean.dram_written,
                                         &sum.mean.tensor, &sum.mean.busy, &sum.mean.nanoseconds})
                *figure /= count;
        }
    }

    void give_costs() {
        for (const auto& [mark, index] : longest_) {
            TraceEvent& event = trace_.events[index];
            const QueuedOperation& of = *operation(mark);
            event.bytes = of.bytes;
            event.flops = of.flops;
            if (counters_of_.empty() || event.launch == 0) continue;
            const auto counted = counters_of_.find(
                {of.operation, of.phase, of.layer, recording_.operation_names.at(of.name)});
            if (counted == counters_of_.end()) continue;
            KernelLaunch made = trace_.launches[static_cast<std::size_t>(event.launch - 1)];
            made.counters = counted->second;
            event.launch = launch(made);
        }
    }

    // Calls that launched kernels, and what graphs hold; at least as many as Hone itself launched.
    void count_launches() {
        std::int64_t calls = 0;
        std::uint32_t last = 0;  // a runtime's call shares its number with the driver's below it
        for (const auto& [activity, index] : recording_.records) {
            if (activity.kind != ActivityKind::runtime_call &&
                activity.kind != ActivityKind::driver_call)
                continue;
            if (!launches_a_kernel(recording_.names.at(index)) || activity.correlation == last)
                continue;
            last = activity.correlation;
            // While a graph is captured calls launch nothing, but are recorded.
            const auto mark = mark_of_.find(activity.correlation);
            calls += mark != mark_of_.end() && capture_of(mark->second) != nullptr ? 0 : 1;
        }
        trace_.device.launches =
            std::max(calls, recording_.own_launches) + recording_.graph_kernels;
    }

    // A driver's call within a runtime's is the same call.
    void leave_out_nested_calls() {
        std::int64_t busy_until = -1;
        std::erase_if(trace_.events, [&](const TraceEvent& event) {
            if (event.track != kCalls) return false;
            if (event.start < busy_until) return true;
            busy_until = event.start + event.duration;
            return false;
        });
    }

    // What a stream did while it did something else gets a track of its own.
    void separate_overlaps() {
        std::map<std::int32_t, std::vector<std::int64_t>>
            busy;  // until when each of a track's copies is
        for (TraceEvent& event : trace_.events) {
            std::vector<std::int64_t>& until = busy[event.track];
            auto free = std::find_if(until.begin(), until.end(),
                                     [&](std::int64_t time) { return time <= event.start; });
            if (free == until.end()) free = until.insert(until.end(), 0);
            *free = event.start + event.duration;
            const auto copy = static_cast<std::int32_t>(free - until.begin());
            event.track += copy * kFirstStream * kFirstStream;
            most_copies_[event.track % (kFirstStream * kFirstStream)] =
                std::max(most_copies_[event.track % (kFirstStream * kFirstStream)], copy);
        }
    }

    void add_track(std::int32_t id, TrackKind kind, const std::string& text) {
        const auto copies = most_copies_.find(id);
        if (copies == most_copies_.end()) return;  // nothing on it
        for (std::int32_t copy = 0; copy <= copies->second; ++copy)
            trace_.tracks.push_back({id + copy * kFirstStream * kFirstStream, kind, text});
    }

    void add_tracks() {
        add_track(kRanges, TrackKind::ranges, "NVTX ranges");
        add_track(kCalls, TrackKind::calls, "CUDA calls");
        add_track(kWaits, TrackKind::waits, "waits");
        for (const TrackKind kind : {TrackKind::stream, TrackKind::copies}) {
            for (const auto& [key, id] : stream_tracks_) {
                if (key.second != kind) continue;
                const std::string stream = std::to_string(key.first.second);
                add_track(id, kind,
                          kind == TrackKind::stream ? "stream " + stream : "copies " + stream);
            }
        }
        add_track(kProfiler, TrackKind::profiler, "profiler");
    }

    const CudaRecording& recording_;
    const ClockFit clock_;
    Trace trace_;
    TracePhase phase_ = TracePhase::prefill;  // of the last that had one
    std::unordered_map<std::uint32_t, std::uint64_t> mark_of_;
    std::unordered_map<std::uint64_t, std::uint64_t> mark_of_node_;
    std::unordered_map<std::uint64_t, std::size_t> longest_;
    std::unordered_map<std::uint32_t, std::pair<std::int64_t, std::string_view>> open_ranges_;
    std::unordered_map<std::string, std::uint16_t> name_of_;
    std::map<KernelLaunch, std::int32_t> launch_of_;
    std::map<Alike, std::int32_t> counters_of_;  // 1 + index into Trace::counters
    std::map<std::pair<std::pair<std::int32_t, std::int32_t>, TrackKind>, std::int32_t>
        stream_tracks_;
    std::map<std::int32_t, std::int32_t> most_copies_;
};

}  // namespace

Trace cuda_trace(const CudaRecording& recording) {
    return Joiner(recording).join();
}

}  // namespace hone::profiler
