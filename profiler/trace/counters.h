// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>

namespace hone::profiler {

// What a device's hardware counted while one operation ran. Shares lie between 0 and 1.
struct HardwareCounters {
    double dram_read = 0, dram_written = 0;  // bytes between the device's memory and its L2 cache
    double tensor =
        0;  // of the cycles in which a multiprocessor had work: those of its tensor cores at work
    // The share of all cycles in which a multiprocessor had work. The gap before an operation's
    // first kernel counts too, so that short ones show less than they had.
    double busy = 0;
    double nanoseconds = 0;  // of the device, the gap among them: never a time to report
    bool operator==(const HardwareCounters&) const = default;
};

// Takes the counters of the operation that was queued under `mark`.
using CounterSink = std::function<void(std::uint64_t mark, const HardwareCounters& counters)>;

}  // namespace hone::profiler
