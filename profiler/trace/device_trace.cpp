// SPDX-License-Identifier: Apache-2.0
#include "profiler/trace/device_trace.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "profiler/trace/clock_fit.h"

namespace hone::profiler {
namespace {

// Tracks: calls, the profiler, ranges, then three a stream and more where kernels of a stream overlap.
constexpr std::int32_t kCalls = 0, kProfiler = 1, kRanges = 2, kFirstStream = 16;

bool launches_a_kernel(std::string_view call) {
    return call.starts_with("cudaLaunchKernel") || call.starts_with("cuLaunchKernel") ||
           call.starts_with("cudaLaunchCooperativeKernel") || call.starts_with("cuLaunchCooperativeKernel");
}

class Joiner {
public:
    explicit Joiner(const DeviceRecording& recording) : recording_(recording), clock_(recording.clock) {
        trace_.device.device = recording.device;
        trace_.device.source = recording.source;
        trace_.device.problem = recording.problem;
        trace_.device.lost_records = recording.lost_records;
        trace_.device.clock_error = clock_.worst();
        trace_.device.peak_bandwidth = recording.peak_bandwidth;
        trace_.device.peak_flops = recording.peak_flops;
    }

    Trace join() {
        read_marks();
        for (const DeviceRecording::Record& record : recording_.records) add(record);
        give_costs();
        count_launches();
        std::stable_sort(trace_.events.begin(), trace_.events.end(),
                         [](const TraceEvent& a, const TraceEvent& b) { return a.start < b.start; });
        leave_out_nested_calls();
        separate_overlaps();
        add_tracks();
        add_memory();
        return std::move(trace_);
    }

private:
    void read_marks() {
        for (const auto& [activity, name] : recording_.records) {
            if (activity.kind == ActivityKind::correlation) mark_of_[activity.correlation] = activity.mark;
            if (activity.kind == ActivityKind::graph_node) mark_of_node_[activity.graph_node] = activity.mark;
        }
    }

    const QueuedOperation* operation(std::uint64_t mark) const {
        return mark > 0 && mark <= recording_.operations.size() ? &recording_.operations[mark - 1] : nullptr;
    }

    // The mark of the operation that a kernel, copy or fill belongs to; 0: none.
    std::uint64_t mark_of(const Activity& activity) const {
        const auto launched = mark_of_.find(activity.correlation);
        const std::uint64_t mark = launched == mark_of_.end() ? 0 : launched->second;
        if (activity.graph_node == 0) return mark;
        const auto node = mark_of_node_.find(activity.graph_node);
        if (node == mark_of_node_.end()) return 0;
        const std::uint64_t captured = node->second;
        auto capture = std::upper_bound(
            recording_.captures.begin(), recording_.captures.end(), captured,
            [](std::uint64_t value, const CapturedOperations& of) { return value < of.first; });
        if (mark == 0 || capture == recording_.captures.begin()) return captured;
        --capture;
        return captured < capture->first + static_cast<std::uint64_t>(capture->count)
                   ? mark + (captured - capture->first)
                   : captured;
    }

    std::uint16_t name(std::string_view text) {
        const auto [at, added] =
            name_of_.try_emplace(std::string(text), static_cast<std::uint16_t>(trace_.names.size()));
        if (added) trace_.names.emplace_back(text);
        return at->second;
    }

    std::int32_t launch(const Activity& activity) {
        const KernelLaunch made{activity.grid, activity.block, activity.registers, activity.shared_bytes};
        const auto [at, added] =
            launch_of_.try_emplace(made, static_cast<std::int32_t>(trace_.launches.size()) + 1);
        if (added) trace_.launches.push_back(made);
        return at->second;
    }

    std::int32_t stream_track(const Activity& activity, TrackKind kind) {
        const auto key = std::make_pair(std::make_pair(activity.device, activity.stream), kind);
        const auto [at, added] = stream_tracks_.try_emplace(key, kFirstStream + std::ssize(stream_tracks_));
        return at->second;
    }

    void add(const DeviceRecording::Record& record) {
        const Activity& activity = record.activity;
        const std::string_view text = recording_.names.at(record.name);
        switch (activity.kind) {
            case ActivityKind::kernel:
                ++trace_.device.kernels;
                return place(activity, TrackKind::stream, Operation::unattributed, text, mark_of(activity));
            case ActivityKind::span:
                return place(activity, TrackKind::stream, Operation::unattributed, text, activity.mark);
            case ActivityKind::copy: {
                const std::string label =
                    "copy " + std::string(kCopyDirections[static_cast<std::size_t>(activity.direction)]);
                return place(activity, TrackKind::copies, Operation::copy, label, mark_of(activity));
            }
            case ActivityKind::fill:
                return place(activity, TrackKind::copies, Operation::fill, "fill", mark_of(activity));
            case ActivityKind::runtime_call:
            case ActivityKind::driver_call:
                return place(activity, TrackKind::calls, Operation::call, text, mark_of(activity));
            case ActivityKind::overhead:
                return place(activity, TrackKind::profiler, Operation::overhead,
                             text.empty() ? "profiler's overhead" : text, 0);
            case ActivityKind::range:
                return add_range(activity, text);
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
                std::size_t& longest = longest_.try_emplace(mark, trace_.events.size()).first->second;
                if (trace_.events.size() > longest && trace_.events[longest].duration < event.duration)
                    longest = trace_.events.size();
                if (text.empty()) text = recording_.operation_names.at(of->name);
            }
            if (activity.kind == ActivityKind::kernel) event.launch = launch(activity);
        }
        event.track = kind == TrackKind::calls      ? kCalls
                      : kind == TrackKind::profiler ? kProfiler
                      : kind == TrackKind::ranges   ? kRanges
                                                    : stream_track(activity, kind);
        event.name = name(text.empty() ? "unknown" : text);
        trace_.events.push_back(event);
    }

    void give_costs() {
        for (const auto& [mark, index] : longest_) {
            trace_.events[index].bytes = operation(mark)->bytes;
            trace_.events[index].flops = operation(mark)->flops;
        }
    }

    // Calls that launched kernels, and what graphs hold; at least as many as Hone itself launched.
    void count_launches() {
        std::int64_t calls = 0;
        std::uint32_t last = 0;  // a runtime's call shares its number with the driver's below it
        for (const auto& [activity, index] : recording_.records) {
            if (activity.kind != ActivityKind::runtime_call && activity.kind != ActivityKind::driver_call)
                continue;
            if (!launches_a_kernel(recording_.names.at(index)) || activity.correlation == last) continue;
            last = activity.correlation;
            ++calls;
        }
        trace_.device.launches = std::max(calls, recording_.own_launches) + recording_.graph_kernels;
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
        std::map<std::int32_t, std::vector<std::int64_t>> busy;  // until when each of a track's copies is
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
        for (const TrackKind kind : {TrackKind::stream, TrackKind::copies}) {
            for (const auto& [key, id] : stream_tracks_) {
                if (key.second != kind) continue;
                const std::string stream = std::to_string(key.first.second);
                add_track(id, kind, kind == TrackKind::stream ? "stream " + stream : "copies " + stream);
            }
        }
        add_track(kProfiler, TrackKind::profiler, "profiler");
    }

    // A moment for every change; what came before the trace counts at its start.
    static void change(MemoryLine& line, std::int64_t time, std::int64_t bytes) {
        time = std::max<std::int64_t>(time, 0);
        if (line.moments.empty()) line.moments.push_back({0, 0});
        const std::int64_t now = line.moments.back().bytes + bytes;
        if (line.moments.back().time == time)
            line.moments.back().bytes = now;
        else
            line.moments.push_back({time, now});
    }

    void add_memory() {
        std::vector<MemoryLine> lines;
        for (const std::string& kind : recording_.memory_classes) lines.push_back({kind, {}});
        MemoryLine seen{recording_.source, {}};
        for (const MemoryChange& moment : recording_.memory) {
            const std::int64_t time = moment.time - recording_.begin;
            change(lines.at(moment.kind), time, moment.bytes);
            if (time < 0) change(seen, time, moment.bytes);  // the profiler was not there yet
        }
        bool any = false;
        for (const auto& [activity, index] : recording_.records) {
            if (activity.kind != ActivityKind::memory) continue;
            if (activity.start < 0) {
                ++trace_.device.unknown_times;
                continue;
            }
            any = true;
            change(seen, clock_.host(activity.start) - recording_.begin,
                   activity.allocates ? activity.bytes : -activity.bytes);
        }
        for (MemoryLine& line : lines)
            if (!line.moments.empty()) trace_.memory.push_back(std::move(line));
        if (any) trace_.memory.push_back(std::move(seen));
        add_pools();
    }

    // All pools together.
    void add_pools() {
        MemoryLine line{"memory pools", {}};
        std::unordered_map<std::uint64_t, std::int64_t> held;
        for (const auto& [activity, index] : recording_.records) {
            if (activity.kind != ActivityKind::pool) continue;
            if (activity.start < 0) {
                ++trace_.device.unknown_times;
                continue;
            }
            const std::int64_t before = std::exchange(held[activity.address], activity.bytes);
            change(line, clock_.host(activity.start) - recording_.begin, activity.bytes - before);
        }
        if (!line.moments.empty()) trace_.memory.push_back(std::move(line));
    }

    const DeviceRecording& recording_;
    const ClockFit clock_;
    Trace trace_;
    TracePhase phase_ = TracePhase::prefill;  // of the last that had one
    std::unordered_map<std::uint32_t, std::uint64_t> mark_of_;
    std::unordered_map<std::uint64_t, std::uint64_t> mark_of_node_;
    std::unordered_map<std::uint64_t, std::size_t> longest_;
    std::unordered_map<std::uint32_t, std::pair<std::int64_t, std::string_view>> open_ranges_;
    std::unordered_map<std::string, std::uint16_t> name_of_;
    std::map<KernelLaunch, std::int32_t> launch_of_;
    std::map<std::pair<std::pair<std::int32_t, std::int32_t>, TrackKind>, std::int32_t> stream_tracks_;
    std::map<std::int32_t, std::int32_t> most_copies_;
};

}  // namespace

Trace device_trace(const DeviceRecording& recording) {
    return Joiner(recording).join();
}

}  // namespace hone::profiler
