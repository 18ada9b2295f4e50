// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "kernels/cuda/ops/pack.h"
#include "tests/kernels/cuda/tested_device.h"
#include "tests/kernels/stored_rows.h"

namespace hone::cuda {

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
        for (std::int64_t row = 0; row < rows; ++row)
            each.push_back(stored.data() + row * row_bytes);
        pack(type, each, cols);
    }
    // Rows that are stored elsewhere.
    Packed(kernels::WeightType type, const std::vector<std::vector<std::byte>>& rows,
           std::int64_t cols)
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
    void pack(kernels::WeightType type, const std::vector<const std::byte*>& each,
              std::int64_t cols) {
        const auto rows = static_cast<std::int64_t>(each.size());
        std::array<std::vector<std::byte>, kMatrixPlanes> host;
        for (std::size_t p = 0; p < host.size(); ++p)
            host[p].resize(static_cast<std::size_t>(rows * packing.bytes[p]));
        for (std::int64_t row = 0; row < rows; ++row) {
            PlanePointers to = {};
            for (std::size_t p = 0; p < host.size(); ++p)
                to[p] = host[p].empty() ? nullptr : host[p].data() + row * packing.bytes[p];
            pack_row(type, each[static_cast<std::size_t>(row)], cols, to);
        }
        PlanePointers on_device = {};
        for (std::size_t p = 0; p < host.size(); ++p) {
            if (host[p].empty()) continue;
            planes_[p] = std::make_unique<DeviceArray<std::byte>>(host[p]);
            on_device[p] = planes_[p]->data();
        }
        matrix = matrix_of(packing, rows, cols, on_device);
    }

    std::array<std::unique_ptr<DeviceArray<std::byte>>, kMatrixPlanes> planes_;
};

}  // namespace hone::cuda
