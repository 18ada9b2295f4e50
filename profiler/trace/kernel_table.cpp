// SPDX-License-Identifier: Apache-2.0
#include "profiler/trace/kernel_table.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <unordered_map>

namespace hone::profiler {
namespace {

// Tracks whose events are work rather than somebody waiting for it or moving its inputs.
class WorkTracks {
public:
    explicit WorkTracks(const Trace& trace) : all_(trace.tracks.empty()) {
        const bool device =
            std::any_of(trace.tracks.begin(), trace.tracks.end(),
                        [](const TraceTrack& track) { return track.kind == TrackKind::stream; });
        for (const TraceTrack& track : trace.tracks)
            if (track.kind == (device ? TrackKind::stream : TrackKind::thread))
                ids_.insert(track.id);
    }
    bool has(std::int32_t track) const { return all_ || ids_.count(track) > 0; }

private:
    bool all_;
    std::set<std::int32_t> ids_;
};

// For every name the first that the same kernel has.
std::vector<std::uint16_t> same_kernels(const Trace& trace) {
    std::vector<std::uint16_t> first;
    std::unordered_map<std::string_view, std::uint16_t> seen;
    for (const std::string& name : trace.names)
        first.push_back(
            seen.try_emplace(trace.kernel_of(name), static_cast<std::uint16_t>(first.size()))
                .first->second);
    return first;
}

std::int64_t key_of(const TraceEvent& event, GroupBy by,
                    const std::vector<std::uint16_t>& kernels) {
    switch (by) {
        case GroupBy::kernel:
            return kernels[event.name];
        case GroupBy::operation:
            return static_cast<std::int64_t>(event.operation);
        case GroupBy::layer:
            return event.layer;
    }
    return 0;
}

KernelGroup empty_group(const Trace& trace, const TraceEvent& event, GroupBy by) {
    KernelGroup group;
    group.operation = event.operation;
    if (by == GroupBy::kernel) group.name = trace.kernel_of(trace.names[event.name]);
    if (by == GroupBy::operation) group.name = operation_name(event.operation);
    if (by == GroupBy::layer) group.layer = event.layer;
    group.shortest = event.duration;
    return group;
}

// An event that carries costs stands for its operation: what was counted of operations like it is
// its own.
void add_counters(KernelGroup& group, const Trace& trace, const TraceEvent& event, double share) {
    const std::int32_t index =
        event.launch > 0 ? trace.launches[static_cast<std::size_t>(event.launch - 1)].counters : 0;
    if (index == 0) {
        group.uncounted += event.bytes > 0 || event.flops > 0 ? 1 : 0;
        return;
    }
    const HardwareCounters& counters = trace.counters[static_cast<std::size_t>(index - 1)].mean;
    const double time = share * static_cast<double>(event.duration);
    group.counted_bytes += share * (counters.dram_read + counters.dram_written);
    group.counted_time += time;
    group.tensor_time += time * counters.tensor;
    group.busy_time += time * counters.busy;
}

}  // namespace

std::vector<KernelGroup> group_events(const Trace& trace, GroupBy by, const TraceFilter& filter) {
    return group_events(trace, 0, trace.events.size(), by, filter);
}

std::vector<KernelGroup> group_events(const Trace& trace, std::size_t first, std::size_t last,
                                      GroupBy by, const TraceFilter& filter) {
    const WorkTracks tracks(trace);
    const std::vector<std::uint16_t> kernels = same_kernels(trace);
    std::unordered_map<std::int64_t, std::size_t> index_of;
    std::vector<KernelGroup> groups;
    std::int64_t all = 0;
    for (std::size_t i = first; i < last; ++i) {
        const TraceEvent& event = trace.events[i];
        if (!tracks.has(event.track) || (filter.layer && event.layer != *filter.layer) ||
            (filter.phase && event.phase != *filter.phase) || event.start >= filter.end)
            continue;
        const std::int64_t inside = std::min(event.start + event.duration, filter.end) -
                                    std::max(event.start, filter.begin);
        if (inside < 0 || (inside == 0 && event.duration > 0)) continue;
        const auto [at, added] = index_of.try_emplace(key_of(event, by, kernels), groups.size());
        if (added) groups.push_back(empty_group(trace, event, by));
        KernelGroup& group = groups[at->second];
        const double share = event.duration > 0
                                 ? static_cast<double>(inside) / static_cast<double>(event.duration)
                                 : 1;
        ++group.count;
        group.total += inside;
        all += inside;
        group.shortest = std::min(group.shortest, event.duration);
        if (event.duration >= group.longest && event.launch > 0)
            group.launch = trace.launches[static_cast<std::size_t>(event.launch - 1)];
        group.longest = std::max(group.longest, event.duration);
        group.bytes += share * static_cast<double>(event.bytes);
        group.flops += share * static_cast<double>(event.flops);
        add_counters(group, trace, event, share);
    }
    for (KernelGroup& group : groups)
        group.share = all > 0 ? static_cast<double>(group.total) / static_cast<double>(all) : 0;
    std::stable_sort(groups.begin(), groups.end(),
                     [](const KernelGroup& a, const KernelGroup& b) { return a.total > b.total; });
    return groups;
}

double attainable_flops(double peak_flops, double peak_bandwidth, double intensity) {
    return std::min(peak_flops, peak_bandwidth * intensity);
}

std::optional<double> share_of_peak(const KernelGroup& group, const CudaTraceFacts& facts) {
    if (facts.peak_bandwidth <= 0 || facts.peak_flops <= 0 || group.total == 0) return std::nullopt;
    return std::max(group.bandwidth() / facts.peak_bandwidth,
                    group.flops_rate() / facts.peak_flops);
}

}  // namespace hone::profiler
