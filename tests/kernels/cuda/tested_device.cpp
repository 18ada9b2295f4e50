// SPDX-License-Identifier: Apache-2.0
#include "tests/kernels/cuda/tested_device.h"

#include <cstdlib>

#include "kernels/cuda/emulation/emulated_plugin.h"

namespace hone::cuda {

const PluginTable& tested_plugin() {
    if (std::getenv("HONE_TEST_CUDA") == nullptr) return emulation::emulated_plugin();
    const PluginLoad& plugin = load_plugin();
    if (plugin.table == nullptr)
        throw std::runtime_error("HONE_TEST_CUDA is set, and " + plugin.problem);
    return *plugin.table;
}

Device& tested_device() {
    static Device device(tested_plugin(), 0);
    return device;
}

}  // namespace hone::cuda
