// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "profiler/trace/trace.h"

namespace hone::profiler {

enum class GroupBy : std::uint8_t { kernel, operation, layer };

// The part of a trace that figures are of. An event that reaches over an edge counts with the share
// of it that lies inside.
struct TraceFilter {
    std::int64_t begin = 0, end = INT64_MAX;  // ns
    std::optional<std::int32_t> layer;
    std::optional<TracePhase> phase;
};

// Figures of the events of one kernel, operation or layer.
struct KernelGroup {
    std::string name;                               // of the kernel or operation; empty for layers
    Operation operation = Operation::unattributed;  // of the first
    std::int32_t layer = -1;                        // by layer
    std::int64_t count = 0, total = 0, shortest = 0, longest = 0;  // ns
    double bytes = 0, flops = 0;
    double share = 0;     // of the time of all groups
    KernelLaunch launch;  // of the longest
    // By the hardware's counters, of the events that carry their operation's costs.
    double counted_bytes = 0;  // between the device's memory and its L2 cache
    double counted_time = 0, tensor_time = 0, busy_time = 0;  // ns; of them, see HardwareCounters
    std::int64_t uncounted = 0;  // events whose operation nothing was counted of
    // Whether the counters speak for all of the group.
    bool counted() const { return counted_time > 0 && uncounted == 0; }
    double tensor() const { return counted() ? tensor_time / counted_time : 0; }
    double busy() const { return counted() ? busy_time / counted_time : 0; }
    // Per second; 0 where nothing is known.
    double bandwidth() const { return total > 0 ? bytes * 1e9 / static_cast<double>(total) : 0; }
    double flops_rate() const { return total > 0 ? flops * 1e9 / static_cast<double>(total) : 0; }
    // Whether intensity() is by counted bytes; else by the formula's.
    bool intensity_counted() const { return counted() && counted_bytes > 0; }
    // FLOPs a byte of memory (Williams et al. 2009, "Roofline", section 3); 0 where one of them is
    // not known.
    double intensity() const {
        const double moved = intensity_counted() ? counted_bytes : bytes;
        return moved > 0 ? flops / moved : 0;
    }
};

// What does work: kernels of a device, where the trace has any, else operations of threads. Longest
// total first.
std::vector<KernelGroup> group_events(const Trace& trace, GroupBy by,
                                      const TraceFilter& filter = {});
// The same, where only events [first, last) of the trace can lie in the filter's range.
std::vector<KernelGroup> group_events(const Trace& trace, std::size_t first, std::size_t last,
                                      GroupBy by, const TraceFilter& filter);

// What a machine of these peaks could reach of FLOP/s at an intensity: the roof. 0 where a peak is
// not known.
double attainable_flops(double peak_flops, double peak_bandwidth, double intensity);

// Time at the roof over the time taken: the larger of the shares of both peaks. Nothing where the
// peaks are not known.
std::optional<double> share_of_peak(const KernelGroup& group, const CudaTraceFacts& facts);

}  // namespace hone::profiler
