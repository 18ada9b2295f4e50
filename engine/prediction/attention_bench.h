// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/core/progress.h"
#include "engine/prediction/calibration.h"
#include "kernels/cpu/context.h"

namespace hone {

// Times one query against keys and values that lie in memory, layer after layer, as decoding does
// it: each storage and layout of the cache. Fills in calibration.operations of attention's decode
// phase. `cold`: bytes of keys and values. Throws Cancelled.
void measure_decode_attention(Calibration& calibration, const kernels::Context& context,
                              const Progress& progress, std::int64_t cold);

}  // namespace hone
