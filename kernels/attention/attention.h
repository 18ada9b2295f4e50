// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/cpu/context.h"

namespace hone::kernels {

enum class KvType : std::uint8_t { f32, f16, i8 };

// Keys or values of one sequence, one layer: head h, position p starts at data + (h·head_stride +
// p·row_stride) elements; i8 has one fp32 scale a head and position at scales[h·scale_head_stride +
// p] (value = scale·q). Where the positions lie in blocks, `data` and `scales` are null, p counts
// within a block, and block p >> block_shift gives both by offsets in bytes.
struct KvView {
    KvType type;
    const void* data;
    const float* scales;  // null unless i8
    std::int64_t head_stride, row_stride, scale_head_stride;
    const std::byte* const* blocks = nullptr;  // null: contiguous
    int block_shift = 0;
    std::int64_t data_offset = 0, scale_offset = 0;
};

// The positions one query row attends: [0, sinks) and [begin, end), disjoint, at least one position
// in all.
struct MaskRow {
    std::int64_t sinks, begin, end;
};

// Attention to the pages that promise most (Quest, arXiv 2406.10774, section 3.3). For every page
// of `page` positions `bounds` holds, head by head, the smallest and the largest value of each key
// channel; Σ max(q·smallest, q·largest) bounds every score in it. A query attends the page it
// stands in and the keep − 1 earlier ones with the highest bounds, taken as the largest over the
// query heads that share a kv head.
struct PageSelection {
    const float* bounds = nullptr;  // [pages][n_kv_heads][2][head_dim]
    int page_shift = 4;             // log2 of the page's positions
    std::int64_t keep = 0;          // pages; 0: all positions that the mask lets through
};

// Softmax attention of one sequence with grouped queries: query head h reads kv head h / (n_heads /
// n_kv_heads). Softmax and accumulation in fp32, positions taken in ascending order (so the same
// positions give the same bits whatever mask produced them).
struct AttentionProblem {
    const float* q;  // [tokens, n_heads, head_dim], q_stride elements between tokens
    float* out;      // [tokens, n_heads, head_dim], out_stride elements between tokens
    std::int64_t q_stride, out_stride;
    KvView keys, values;
    const MaskRow* mask;  // [tokens]
    std::int64_t tokens, n_heads, n_kv_heads, head_dim;
    float scale;  // usually 1/sqrt(head_dim)
    PageSelection pages = {};
    // Where not null, [tokens, n_heads]: the share of the dense causal softmax that fell on what
    // was attended.
    float* mass = nullptr;
};

void attention(const AttentionProblem& problem, const Context& context);

// Bytes of workspace a thread that attention() takes; of the problem only sizes and mask are read.
std::int64_t attention_workspace(const AttentionProblem& problem, Isa isa);

// Stores fp32 rows into a cache: row r of `source` ([rows, head_dim]) at `target` + r·row_stride
// elements; i8 quantises symmetrically per row, scale = absmax/127, written to scales[r].
void store_kv(KvType type, const float* source, void* target, float* scales, std::int64_t rows,
              std::int64_t row_stride, std::int64_t head_dim, Isa isa);

}  // namespace hone::kernels
