// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "kernels/cuda/types.h"

namespace hone::cuda {

enum class KvPlane : std::uint8_t { f32, f16, bf16, i8 };

HONE_BOTH constexpr std::int64_t kv_bytes(KvPlane type) {
    return type == KvPlane::f32 ? 4 : type == KvPlane::i8 ? 1 : 2;
}

// Keys and values of one layer, of every sequence, in blocks of `block_positions` positions. A
// block holds, from `layer_offset` bytes on, for keys and then for values
// [n_kv_heads][positions][head_dim] elements and, where they are int8, [n_kv_heads][positions] fp32
// scales behind both. A sequence's row of the table says where its blocks are. Position p lies in
// block p >> block_shift: 2^block_shift is block_positions, or so much that everything lies in the
// first block, which then is as long as the context.
struct KvBlocksView {
    std::byte* const* table = nullptr;  // [sequences, table_stride]
    std::int64_t table_stride = 0, layer_offset = 0;
    int block_shift = 4;
    std::int64_t block_positions = 16;
    std::int64_t n_kv_heads = 0, head_dim = 0;
};

inline constexpr int kOneBlock = 62;  // block_shift of a cache in one piece

HONE_BOTH std::int64_t kv_element(const KvBlocksView& view, bool values, std::int64_t head,
                                  std::int64_t within) {
    return (((values ? view.n_kv_heads : 0) + head) * view.block_positions + within) *
           view.head_dim;
}

HONE_BOTH std::int64_t kv_scale(const KvBlocksView& view, bool values, std::int64_t head,
                                std::int64_t within) {
    return ((values ? view.n_kv_heads : 0) + head) * view.block_positions + within;
}

HONE_BOTH std::int64_t kv_within(const KvBlocksView& view, std::int64_t position) {
    return position & ((std::int64_t{1} << view.block_shift) - 1);
}

// Bytes into a layer's part of a block where its scales begin.
HONE_BOTH std::int64_t kv_scales_offset(const KvBlocksView& view) {
    return 2 * view.n_kv_heads * view.block_positions * view.head_dim;
}

// Bytes of one layer's part of a block.
HONE_BOTH constexpr std::int64_t kv_block_bytes(KvPlane type, std::int64_t positions,
                                                std::int64_t n_kv_heads, std::int64_t head_dim) {
    const std::int64_t rows = 2 * n_kv_heads * positions;
    return rows * head_dim * kv_bytes(type) + (type == KvPlane::i8 ? rows * 4 : 0);
}

inline constexpr std::int32_t kNoSequence = -1;

// Stores each row's keys and values: row r belongs to sequence[r] at position[r]; those of no
// sequence are not kept.
struct RememberParams {
    KvBlocksView cache;
    const float *k, *v;                         // [rows, n_kv_heads, head_dim]
    const std::int32_t *sequences, *positions;  // [rows]
    std::int64_t rows;
};

inline Launch remember_launch(const RememberParams& p) {
    constexpr std::uint32_t kWarps = 4;
    return {{static_cast<std::uint32_t>(
                ceil_div<std::int64_t>(p.rows * p.cache.n_kv_heads * 2, kWarps))},
            kWarps * kWarp};
}

// What one row of a pass attends: as kernels/attention's MaskRow; with pages, `pages` of them from
// a list replace it.
struct AttendedRow {
    std::int32_t sequence;
    std::int32_t sinks, begin, end;  // positions [0, sinks) and [begin, end)
    std::int32_t pages;  // 0: the above; otherwise how many of its list, all full but that of
                         // `end`, which comes last
};

HONE_BOTH std::int64_t attended_count(const AttendedRow& row, int page_shift) {
    if (row.pages == 0) return row.sinks + (row.end - row.begin);
    const std::int64_t page = std::int64_t{1} << page_shift;
    return (row.pages - 1) * page + ((row.end - 1) & (page - 1)) + 1;
}

// Softmax attention over the cache with grouped queries, online (FlashAttention, arXiv 2205.14135),
// in fp32; the positions of a row are split over `splits` blocks (Flash-Decoding), whose parts
// combine_kernel joins.
struct AttentionParams {
    KvBlocksView cache;
    const float* q;                  // [rows, n_heads, head_dim]
    float* out;                      // the same; where splits > 1 untouched
    const AttendedRow* rows_of;      // [rows]
    const std::int32_t* page_lists;  // [rows, n_kv_heads, page_stride], or null
    std::int64_t page_stride;
    int page_shift;
    std::int64_t rows, n_heads;
    float scale;
    std::int64_t splits;
    float* parts;  // [rows, n_heads, splits, head_dim + 2]: sums, then maximum and weight
};

inline constexpr int kAttentionWarps = 4;
inline constexpr std::int64_t kMaxHeadDim = 256, kMaxGroup = 16;

// Floats from one position of a tile to the next.
HONE_BOTH constexpr std::int32_t attention_tile_stride(std::int32_t head_dim) {
    constexpr std::int32_t kBanks = 32;
    return (head_dim + kBanks - 1) / kBanks * kBanks + 4;
}

inline Launch attention_launch(const AttentionParams& p) {
    const std::int64_t group = p.n_heads / p.cache.n_kv_heads, dim = p.cache.head_dim;
    const std::int64_t stride = attention_tile_stride(static_cast<std::int32_t>(dim));
    return {{static_cast<std::uint32_t>(p.rows), static_cast<std::uint32_t>(p.cache.n_kv_heads),
             static_cast<std::uint32_t>(p.splits)},
            kAttentionWarps * kWarp,
            static_cast<std::uint32_t>(sizeof(float) *
                                       static_cast<std::size_t>(group * dim + stride * 2 * kWarp))};
}

// Blocks that fill the device: over how many, where contexts are long.
inline std::int64_t most_attention_splits(std::int64_t rows, std::int64_t n_kv_heads,
                                          std::int64_t processors) {
    const std::int64_t splits = ceil_div<std::int64_t>(2 * processors, rows * n_kv_heads);
    return splits < 1 ? 1 : splits;
}

// So many of them that no split is shorter than two tiles; in steps of 1, 2, 4, 8, 12, 16, 24, 32,
// 48 and so on, because a graph that was captured with other splits is of no use: four tiles each
// would be a new one every 128 positions.
inline std::int64_t attention_splits(std::int64_t rows, std::int64_t n_kv_heads,
                                     std::int64_t longest, std::int64_t processors) {
    const std::int64_t most = most_attention_splits(rows, n_kv_heads, processors);
    const std::int64_t wanted = ceil_div<std::int64_t>(longest, std::int64_t{4} * kWarp);
    std::int64_t splits = 1;
    while (splits < wanted) splits *= 2;
    if (splits > 8 && wanted <= splits / 4 * 3) splits = splits / 4 * 3;
    return splits < most ? splits : most;
}

inline Launch combine_launch(const AttentionParams& p) {
    return {
        {static_cast<std::uint32_t>(ceil_div<std::int64_t>(p.rows * p.n_heads, kAttentionWarps))},
        kAttentionWarps * kWarp};
}

}  // namespace hone::cuda
