// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

#include "tests/bench/cuda_rates.h"

namespace hone::cuda {

// The profiler's kernel times against events around the same work, medians of rounds: of one kernel
// of at least sizes.long_kernel, and of sizes.short_kernels back to back, whose durations and the
// gaps between them add up to the events' span. "ratio" is traced / events; null, with a "problem",
// where the device is traced by events alone.
nlohmann::json trace_accuracy(Device& device, const CudaSizes& sizes);

}  // namespace hone::cuda
