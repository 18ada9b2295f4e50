// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/cuda/ops/matrix.h"

namespace hone::cuda {

// y[token, row] = x[token, ·] · W[row, ·] for many tokens: x in bf16, weights rounded to bf16 as
// they come (the bits of ExpandParams<BF16>), sums in fp32, on tensor cores. 2:4 products
// multiply only the stored values; their columns are a multiple of kTileColumns.
struct ProductTilesParams {
    Matrix weights;
    const BF16* x;  // [tokens, cols]
    float* y;       // [tokens, y_stride]
    std::int64_t tokens, y_stride;
    bool accumulate = false;  // add to what y holds
};

// The vendor's library multiplies dense bf16, and so few weights are fp32 that they may be expanded
// first.
constexpr bool multiplies_in_tiles(PlaneType type) {
    return type != PlaneType::f32 && type != PlaneType::bf16;
}

// A block computes kTileRows rows of W for a tile of tokens, kTileColumns columns at a time, with
// two such steps in shared memory.
inline constexpr int kTileRows = 128, kTileColumns = 64, kTileWarps = 8;

HONE_BOTH constexpr std::uint32_t tile_shared_bytes(PlaneType type, int tile_tokens) {
    constexpr std::uint32_t kSteps = 2, kValueBytes = 2;
    const std::uint32_t stored = is_two_of_four(type) ? kTileColumns / 2 : kTileColumns;
    const std::uint32_t places = is_two_of_four(type) ? kTileColumns / kChunk : 0;
    return kSteps * (kTileRows * (stored * kValueBytes + places) +
                     static_cast<std::uint32_t>(tile_tokens) * kTileColumns * kValueBytes);
}

// The tokens of a tile: as many as are there, up to 128, but fewer where that would leave
// multiprocessors without work.
inline int tile_tokens(std::int64_t rows, std::int64_t tokens, std::int64_t processors) {
    for (const int tile : {128, 64}) {
        const std::int64_t blocks =
            ceil_div<std::int64_t>(rows, kTileRows) * ceil_div<std::int64_t>(tokens, tile);
        if (tokens > tile / 2 && blocks >= processors) return tile;
    }
    return 32;
}

inline Launch product_tiles_launch(const ProductTilesParams& p, int tile_tokens) {
    // Blocks that come one after the other share their weights: those are read from memory once, x
    // stays in the L2 cache.
    return {{static_cast<std::uint32_t>(ceil_div<std::int64_t>(p.tokens, tile_tokens)),
             static_cast<std::uint32_t>(ceil_div<std::int64_t>(p.weights.rows, kTileRows))},
            kTileWarps * kWarp,
            tile_shared_bytes(p.weights.type, tile_tokens)};
}

}  // namespace hone::cuda
