// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/cuda/emulation/emulator.h"
#include "kernels/cuda/kernel_id.h"

namespace hone::cuda::emulation {

// Runs the kernel that `choice` names; `params` points to its parameters, and `order` is run()'s.
// Throws EmulationError, also where it names none.
void launch(const KernelChoice& choice, const Launch& shape, const void* params, std::size_t bytes,
            std::uint32_t order = 0);

// How it is compiled for a GPU; throws EmulationError as launch() does.
struct CompiledFor {
    int threads, blocks;  // a block at most; whose registers fit a multiprocessor at least
};
CompiledFor compiled_for(const KernelChoice& choice);

// Its name, mangled as a compiler does it.
const char* mangled_name(const KernelChoice& choice);

template <typename Params>
void launch(const KernelChoice& choice, const Launch& shape, const Params& params) {
    launch(choice, shape, &params, sizeof params);
}

}  // namespace hone::cuda::emulation
