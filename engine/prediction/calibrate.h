// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/core/progress.h"
#include "engine/prediction/calibration.h"
#include "kernels/cpu/context.h"

namespace hone {

// Times every kernel that this machine can run with the context's instruction set and threads: products with each stored type of
// weights in each arithmetic, on more weights than caches hold, and the other operations of a forward pass as a small synthetic
// model's trace shows them. Some seconds, and some 150 MB of memory. `machine` and `created` are left to the caller. Throws
// Cancelled.
// `streamed` bytes of weights are read in turn for each.
inline constexpr std::int64_t kStreamedBytes = std::int64_t{96} * 1000000;
Calibration calibrate(const kernels::Context& context, const Progress& progress,
                      std::int64_t streamed = kStreamedBytes);

}  // namespace hone
