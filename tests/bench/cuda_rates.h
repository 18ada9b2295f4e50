// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <vector>

#include "kernels/cuda/device.h"
#include "kernels/cuda/ops/matrix.h"

namespace hone::cuda {

// Device memory that gives itself back; filled with a byte that makes neither zeros, which would
// let the clock rise, nor NaNs.
class Memory {
public:
    Memory(Device& device, std::int64_t bytes) : device_(device), data_(device.allocate(bytes)) {
        device.fill(data_, 0x3C, bytes);
    }
    ~Memory() { device_.release(data_); }
    Memory(const Memory&) = delete;
    Memory& operator=(const Memory&) = delete;
    template <typename T>
    T* as() const {
        return static_cast<T*>(data_);
    }

private:
    Device& device_;
    void* data_;
};

template <typename T>
T median(std::vector<T> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

// How much is measured: enough to keep a large device busy, or little enough for an emulated one.
struct CudaSizes {
    int rounds = 20;
    std::int64_t copy_bytes = std::int64_t{4} << 30;
    std::int64_t dense = 8192;  // tokens, rows and columns
    std::vector<std::pair<std::int64_t, std::int64_t>> products{
        {4096, 4096}, {14336, 4096}, {4096, 14336}, {128256, 4096}};  // rows, columns
    std::int64_t in_turn =
        std::int64_t{256}
        << 20;  // bytes of weights, at least: several times what the L2 cache holds
    double long_kernel = 10e-3;  // seconds, at least
    std::int64_t short_kernels = 1000, short_floats = std::int64_t{1} << 24;

    static CudaSizes small();
};

// Bytes a second, read and written, of a copy within the device.
nlohmann::json copy_rate(Device& device, const CudaSizes& sizes);
// The vendor's library, by type; {"type", "problem"} where the device refuses one.
nlohmann::json dense_rates(Device& device, const CudaSizes& sizes);
// Hone's products of few tokens, by storage, shape and tokens.
nlohmann::json product_rates(Device& device, const CudaSizes& sizes);
// Hone's products of many tokens on tensor cores, by storage: FLOPs of the whole product, zeros
// that are left out included.
nlohmann::json tile_rates(Device& device, const CudaSizes& sizes);

}  // namespace hone::cuda
