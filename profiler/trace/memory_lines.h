// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "profiler/trace/clock_fit.h"
#include "profiler/trace/cuda_trace.h"

namespace hone::profiler {

// Device memory over a trace: a line a class by the program's own account, then what the profiler
// saw of all, and of pools.
struct MemoryLines {
    std::vector<MemoryLine> lines;
    std::int64_t unknown_times = 0;  // records without times
    std::int64_t difference = -1;    // see CudaTraceFacts::memory_difference
};

MemoryLines memory_lines(const CudaRecording& recording, const ClockFit& clock);

}  // namespace hone::profiler
