// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "kernels/cuda/ops/matrix.h"
#include "kernels/linear/linear.h"

namespace hone::gpu {

// The planes that a stored matrix takes on a device: bytes of a row in each. Nothing where there is no such form: sparse types, and
// rows that are not whole chunks.
struct Packing {
    PlaneType type;
    std::int64_t group;        // as Matrix::group
    std::int64_t value_bytes;  // a row
    std::int64_t scale_bytes;  // a row; 0: no scales
    bool minima;               // another scale_bytes a row
};
std::optional<Packing> packing_of(kernels::WeightType type, std::int64_t cols);

// Packs one stored row of `cols` weights. `scales` and `minima` may be null where the packing has none. Exact: expanding the planes
// gives the bits that kernels::expand_row gives.
void pack_row(kernels::WeightType type, const void* row, std::int64_t cols, std::byte* values, F16* scales,
              F16* minima);

}  // namespace hone::gpu
