// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "engine/core/progress.h"
#include "engine/prediction/calibration.h"
#include "kernels/cpu/context.h"

namespace hone {

// Times every kernel that this machine can run with the context's instruction set and threads, as a
// run meets them: products with each stored type of weights in each arithmetic, and a query's
// attention, over several times what caches hold, visited in turn; the other operations of a
// forward pass as a small synthetic model's trace shows them. Medians, because a run's figures are
// means and not the best of several. Some 15 s, and `cold` bytes (see cold_bytes()) and some 60 MB
// of memory. `machine` and `created` are left to the caller. Throws Cancelled.
Calibration calibrate(const kernels::Context& context, const Progress& progress, std::int64_t cold);

}  // namespace hone
