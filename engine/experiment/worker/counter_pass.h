// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "engine/core/progress.h"
#include "engine/runtime/runtime.h"
#include "engine/runtime/sampling.h"
#include "kernels/cuda/device.h"
#include "profiler/trace/device_trace.h"

namespace hone {

// Runs the prompts and two decoded tokens, or what `generated` leaves of them, once more on the
// device, without graphs, and adds to `recording` what the hardware counted of each operation; or
// why nothing could be counted, which is no error: figures are then the operations' own formulas.
// No trace may be recorded meanwhile. Throws what ends the repetition for good: a lost context, a
// cancellation.
void count_hardware(Runtime& runtime, gpu::Device& device,
                    std::span<const std::vector<TokenId>> prompts, std::int64_t generated,
                    Sampler& sampler, std::size_t most_operations,
                    profiler::DeviceRecording& recording, const Progress& progress);

}  // namespace hone
