// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "kernels/cuda/plugin/api.h"

namespace hone::cuda::emulation {

// A plug-in with one device that runs every kernel over the emulation, and the vendor's products as
// plain loops: for tests of all that lies above the plug-in. Work is done when it is queued, but
// what is downloaded is there only when the device has been waited for. While work is captured
// nothing may be allocated, freed or waited for. Counters are invented; where the environment's
// HONE_EMULATED_COUNTERS_REFUSED is set, it is the reason why there are none. With
// HONE_EMULATED_MIG the device is an instance of a divided one.
const PluginTable& emulated_plugin();

// Holds a product to what cuBLASLt takes, and to what its caller states: of an address that is
// aligned to fewer bytes the library may choose an algorithm that faults. 0, or what multiply()
// returns of it.
int check_product(const DenseProduct& product, PluginError* error);

// The device's memory from now on: what allocate() may hold in all. Back to the default with 0,
// which the environment's HONE_EMULATED_MEMORY changes for a plug-in that a program loads.
void limit_memory(std::int64_t bytes);

// From the `launches`-th kernel on every call fails as after an illegal address: the context is
// lost. Never with 0. The environment's HONE_EMULATED_LOSS says the same to a plug-in that a
// program loads.
void lose_context_after(std::int64_t launches);

// How the device is traced from now on: kernel by kernel, or by events from mark to mark.
void trace_kernels(bool kernels);

}  // namespace hone::cuda::emulation
