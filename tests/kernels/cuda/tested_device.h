// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "kernels/cuda/device.h"

namespace hone::cuda {

// What tests of kernels run on: the emulation, or, where the environment's HONE_TEST_CUDA is set,
// the plug-in's first device.
const PluginTable& tested_plugin();
Device& tested_device();

// An array in its memory: what lies outside of it is nobody's.
template <typename T>
class DeviceArray {
public:
    explicit DeviceArray(std::size_t count)
        : count_(count),
          data_(static_cast<T*>(tested_device().allocate(
              std::max<std::int64_t>(1, static_cast<std::int64_t>(bytes()))))) {
        tested_device().fill(data_, 0xFF, static_cast<std::int64_t>(bytes()));
    }
    explicit DeviceArray(const std::vector<T>& values) : DeviceArray(values.size()) {
        tested_device().upload(data_, values.data(), static_cast<std::int64_t>(bytes()));
        tested_device().synchronise();
    }
    ~DeviceArray() { tested_device().release(data_); }
    DeviceArray(const DeviceArray&) = delete;
    DeviceArray& operator=(const DeviceArray&) = delete;

    T* data() const { return data_; }  // the device's
    std::vector<T> values() const {
        std::vector<T> copy(count_);
        tested_device().download(copy.data(), data_, static_cast<std::int64_t>(bytes()));
        tested_device().synchronise();
        return copy;
    }

private:
    std::size_t bytes() const { return count_ * sizeof(T); }

    std::size_t count_;
    T* data_;
};

}  // namespace hone::cuda
