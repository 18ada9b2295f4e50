// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

#include "engine/runtime/executor.h"
#include "kernels/cuda/device.h"

namespace hone {

// On a CUDA device, which must outlive it. Uploads the weights; `progress` tells how far that is.
// Throws Error where something does not fit.
std::unique_ptr<Executor> make_cuda_executor(const Model& model, const RunConfig& config,
                                             cuda::Device& device, int max_sequences,
                                             std::int64_t max_context, const Progress& progress);

}  // namespace hone
