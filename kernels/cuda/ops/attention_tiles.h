// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/cuda/ops/attention.h"

namespace hone::cuda {

// Attention of many neighbouring rows, a prompt's, on tensor cores (FlashAttention-2, arXiv
// 2307.08691): scaled queries, keys, values and the softmax's weights in bf16; sums, maxima and
// exponentials in fp32. Takes AttentionParams of rows without pages; `splits` is 1.
//
// A block computes the query heads of one kv head for as many neighbouring rows as fill
// kTileQueries pairs of row and head: keys and values are read once for all of them. Rows of
// several sequences in one tile are computed one sequence after the other.
inline constexpr int kTileQueries = 64, kTilePositions = 64, kAttentionTileWarps = 4;
inline constexpr std::int64_t kMaxTileDim = 128;

HONE_BOTH constexpr std::int64_t attention_tile_rows(std::int64_t n_heads,
                                                     std::int64_t n_kv_heads) {
    return kTileQueries / (n_heads / n_kv_heads);
}

// Heads up to 64 channels are computed as 64, longer ones as 128.
constexpr int attention_tile_dim(std::int64_t head_dim) {
    return head_dim <= 64 ? 64 : static_cast<int>(kMaxTileDim);
}

// Whether tiles would be filled: with few rows a sequence, attention_launch's split over positions
// is faster.
inline bool attends_in_tiles(const KvBlocksView& cache, std::int64_t n_heads, std::int64_t rows,
                             std::int64_t sequences) {
    constexpr std::int64_t kRowsOfSequence = 16;
    return cache.head_dim <= kMaxTileDim && cache.head_dim % 8 == 0 &&
           n_heads / cache.n_kv_heads <= kTileQueries && rows >= kRowsOfSequence * sequences;
}

inline Launch attention_tiles_launch(const AttentionParams& p) {
    constexpr std::size_t kValueBytes = 2;
    return {
        {static_cast<std::uint32_t>(
             ceil_div(p.rows, attention_tile_rows(p.n_heads, p.cache.n_kv_heads))),
         static_cast<std::uint32_t>(p.cache.n_kv_heads)},
        kAttentionTileWarps * kWarp,
        static_cast<std::uint32_t>(kValueBytes * 2 * kTilePositions *
                                   static_cast<std::size_t>(attention_tile_dim(p.cache.head_dim)))};
}

}  // namespace hone::cuda
