// SPDX-License-Identifier: Apache-2.0
#pragma once

// Tiles of bf16 in shared memory, as tensor cores take them.

#include "kernels/cuda/machine.h"
#include "kernels/cuda/numbers.h"

namespace hone::cuda {

inline constexpr int kPiece = 8;  // bf16 values: the 16 bytes of a matrix row that ldmatrix takes

// Where a piece of a tile's row lies in shared memory, in values: shuffled within the row so that
// the same piece of eight rows lies in different banks.
template <int kPieces>
HONE_DEVICE std::int64_t piece_place(std::int64_t row, std::int64_t piece) {
    static_assert(kPieces == 4 || kPieces == 8 || kPieces == 16, "64, 128 or 256 bytes a row");
    const std::int64_t turn = kPieces == 4 ? row >> 1 & 3 : row & 7;
    return (row * kPieces + (piece ^ turn)) * kPiece;
}

}  // namespace hone::cuda
