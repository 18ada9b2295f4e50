// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/runtime/place.h"
#include "kernels/cuda/device.h"

namespace hone {

// What a device reaches, timed by events: bytes of a large copy within the device, FLOPs of a large
// BF16 product of the vendor's library. Takes some tens of milliseconds and, for that long, a
// sixty-fourth of the device's memory. Throws cuda::DeviceError.
PlacePeaks measure_cuda_peaks(cuda::Device& device);

}  // namespace hone
