// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstring>
#include <memory>
#include <vector>

#include "kernels/cuda/ops/pack.h"
#include "tests/kernels/cuda/tested_device.h"
#include "tests/kernels/stored_rows.h"

namespace hone::gpu {

inline std::uint16_t code(PlaneType type) {
    return static_cast<std::uint16_t>(type);
}

// A stored matrix and its planes in device memory.
class Packed {
public:
    // Random weights.
    Packed(kernels::WeightType type, std::int64_t rows, std::int64_t cols, unsigned seed = 7)
        : row_bytes(kernels::bytes_of_row(type, cols) + 3),
          stored(kernels::random_rows(type, rows, cols, row_bytes, seed)),
          packing(packing_of(type, cols).value()) {
        std::vector<const std::byte*> each;
        for (std::int64_t row = 0; row < rows; ++row) each.push_back(stored.data() + row * row_bytes);
        pack(type, each, cols);
    }
    // Rows that are stored elsewhere.
    Packed(kernels::WeightType type, const std::vector<std::vector<std::byte>>& rows, std::int64_t cols)
        : packing(packing_of(type, cols).value()) {
        std::vector<const std::byte*> each;
        each.reserve(rows.size());
        for (const std::vector<std::byte>& row : rows) each.push_back(row.data());
        pack(type, each, cols);
    }

    std::int64_t row_bytes = 0;
    std::vector<std::byte> stored;
    Packing packing;
    Matrix matrix;

private:
    void pack(kernels::WeightType type, const std::vector<const std::byte*>& each, std::int64_t cols) {
        const auto rows = static_cast<std::int64_t>(each.size());
        const auto scale_count = static_cast<std::size_t>(rows * packing.scale_bytes / 2);
        std::vector<std::byte> host_values(static_cast<std::size_t>(rows * packing.value_bytes));
        std::vector<F16> host_scales(scale_count), host_minima(packing.minima ? scale_count : 0);
        std::vector<std::uint8_t> host_places(static_cast<std::size_t>(rows * packing.place_bytes));
        for (std::int64_t row = 0; row < rows; ++row) {
            const std::int64_t scale_at = row * packing.scale_bytes / 2;
            pack_row(type, each[static_cast<std::size_t>(row)], cols,
                     host_values.data() + row * packing.value_bytes, host_scales.data() + scale_at,
                     packing.minima ? host_minima.data() + scale_at : nullptr,
                     host_places.data() + row * packing.place_bytes);
        }
        values_ = std::make_unique<DeviceArray<std::byte>>(host_values);
        scales_ = std::make_unique<DeviceArray<F16>>(host_scales);
        minima_ = std::make_unique<DeviceArray<F16>>(host_minima);
        places_ = std::make_unique<DeviceArray<std::uint8_t>>(host_places);
        matrix = {packing.type,
                  rows,
                  cols,
                  packing.group,
                  values_->data(),
                  packing.group != 0 ? scales_->data() : nullptr,
                  packing.minima ? minima_->data() : nullptr,
                  packing.place_bytes != 0 ? places_->data() : nullptr};
    }

    std::unique_ptr<DeviceArray<std::byte>> values_;
    std::unique_ptr<DeviceArray<F16>> scales_, minima_;
    std::unique_ptr<DeviceArray<std::uint8_t>> places_;
};

}  // namespace hone::gpu
