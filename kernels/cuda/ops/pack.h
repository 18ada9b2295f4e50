// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "kernels/cuda/ops/matrix.h"
#include "kernels/weights/weight_format.h"

namespace hone::cuda {

// What a row of kernels/cuda/weights/planes.inc says of a format.
struct FormatPlanes {
    static constexpr std::int64_t kRow = -1;
    std::int64_t group = 0;  // as Matrix::group; kRow: the whole row
    bool minima = false;
};

// A matrix's planes in the order of Matrix.
enum class MatrixPlane : std::uint8_t {
    values,
    scales,
    minima,
    places,
    upper,
    sub_scales,
    sub_minima
};
inline constexpr std::size_t kMatrixPlanes = 7;
using PlanePointers = std::array<std::byte*, kMatrixPlanes>;

// The planes that a stored matrix takes on a device. Nothing where there is no such form: sparse
// fp32, and rows that are not whole chunks. Sparse types of 16 bits have one where all rows are
// two_of_four().
struct Packing {
    PlaneType type;
    std::int64_t group;                             // as Matrix::group
    std::array<std::int64_t, kMatrixPlanes> bytes;  // a row; 0: there is no such plane

    std::int64_t of(MatrixPlane plane) const { return bytes[static_cast<std::size_t>(plane)]; }
};
std::optional<Packing> packing_of(kernels::WeightType type, std::int64_t cols);

// The matrix whose planes lie there; null where the packing has none.
Matrix matrix_of(const Packing& packing, std::int64_t rows, std::int64_t cols,
                 const PlanePointers& planes);

// Whether of any four neighbouring columns of a sparse row, counted from the first, at most two are
// stored.
bool two_of_four(const void* row, std::int64_t cols);

// Packs one stored row of `cols` weights into that row's part of each plane; null where the packing
// has none. Exact: expanding the planes gives the bits that kernels::expand_row gives.
void pack_row(kernels::WeightType type, const void* row, std::int64_t cols,
              const PlanePointers& to);

}  // namespace hone::cuda
