// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "kernels/cuda/emulation/emulator.h"

namespace hone::cuda {

// What the emulation says of `body`; nothing where it has nothing to say.
inline std::string error_of(const Launch& launch, const std::function<void()>& body) {
    try {
        emulation::run(launch, body);
    } catch (const emulation::EmulationError& error) {
        return error.what();
    }
    return "";
}

}  // namespace hone::cuda
