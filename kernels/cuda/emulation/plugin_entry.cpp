// SPDX-License-Identifier: Apache-2.0
// libhone_cuda_emulated.so: the emulated device where a program looks for the plug-in
// (HONE_CUDA_PLUGIN), for tests.
#include "kernels/cuda/emulation/emulated_plugin.h"

extern "C" __attribute__((visibility("default"))) const hone::cuda::PluginTable* hone_cuda_plugin(
    std::uint32_t version) {
    return version == hone::cuda::kPluginVersion ? &hone::cuda::emulation::emulated_plugin()
                                                 : nullptr;
}
