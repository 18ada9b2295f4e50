// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "kernels/cuda/ops/matrix.h"
#include "kernels/linear/linear.h"

namespace hone::gpu {

// The planes that a stored matrix takes on a device: bytes of a row in each. Nothing where there is no such form: sparse fp32, and
// rows that are not whole chunks. Sparse types of 16 bits have one where all rows are two_of_four().
struct Packing {
    PlaneType type;
    std::int64_t group;        // as Matrix::group
    std::int64_t value_bytes;  // a row
    std::int64_t scale_bytes;  // a row; 0: no scales
    bool minima;               // another scale_bytes a row
    std::int64_t place_bytes;  // a row; 0: every column is stored
};
std::optional<Packing> packing_of(kernels::WeightType type, std::int64_t cols);

// Whether of any four neighbouring columns of a sparse row, counted from the first, at most two are stored.
bool two_of_four(const void* row, std::int64_t cols);

// Packs one stored row of `cols` weights. `scales`, `minima` and `places` may be null where the packing has none. Exact: expanding the planes
// gives the bits that kernels::expand_row gives.
void pack_row(kernels::WeightType type, const void* row, std::int64_t cols, std::byte* values, F16* scales,
              F16* minima, std::uint8_t* places = nullptr);

}  // namespace hone::gpu
