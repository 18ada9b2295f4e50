// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/cuda/device.h"

namespace hone {

// What a device reaches when it does nothing else, timed by events: the roofs that its kernels are
// held against. 0: it could not be timed.
struct DevicePeaks {
    double bandwidth = 0;  // bytes/s read and written by a large copy within the device
    double flops = 0;      // FLOP/s of a large BF16 product of the vendor's library
};

// Takes some tens of milliseconds and, for that long, a sixty-fourth of the device's memory. Throws
// gpu::DeviceError.
DevicePeaks measure_device_peaks(gpu::Device& device);

}  // namespace hone
