// SPDX-License-Identifier: Apache-2.0
#include "engine/experiment/worker/target_place.h"

#include "engine/runtime/cpu_place.h"
#include "engine/runtime/cuda/cuda_place.h"

namespace hone {

std::unique_ptr<Place> target_place(const Target& target) {
    if (const std::optional<int> index = cuda_index(target.device))
        return std::make_unique<CudaPlace>(*index);
    return std::make_unique<CpuPlace>();
}

messages::CudaDevice told(const PlaceFacts& facts) {
    return {.id = {},
            .name = facts.name,
            .uuid = facts.uuid,
            .compute_capability = facts.capability,
            .multiprocessors = facts.processors,
            .memory = facts.memory,
            .l2 = facts.l2,
            .clock_mhz = facts.clock_mhz,
            .memory_clock_mhz = facts.memory_clock_mhz,
            .driver = facts.driver,
            .runtime = facts.runtime,
            .mig = facts.divided};
}

}  // namespace hone
