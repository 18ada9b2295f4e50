// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/cuda/ops/attention.h"
#include "kernels/cuda/types.h"

namespace hone::cuda {

// Neighbouring rows of a pass whose keys lie in one page of a sequence; with 0 rows nothing.
// `fresh`: the page begins with the first of them.
struct PageRun {
    std::int32_t sequence = 0, page = 0, first_row = 0, rows = 0, fresh = 0;
};

// For every page of positions and every kv head the smallest and the largest value of each key
// channel (Quest, arXiv 2406.10774, section 3.3), one layer's:
// [sequences][pages][n_kv_heads][2][head_dim].
struct PageBoundsView {
    float* values = nullptr;
    std::int64_t pages = 0;  // that a sequence has room for
    std::int64_t n_kv_heads = 0, head_dim = 0;
};

HONE_BOTH std::int64_t bounds_at(const PageBoundsView& view, std::int64_t sequence,
                                 std::int64_t page, std::int64_t kv_head) {
    return ((sequence * view.pages + page) * view.n_kv_heads + kv_head) * 2 * view.head_dim;
}

// Takes in the keys of a pass.
struct BoundParams {
    PageBoundsView bounds;
    const float* k;       // [rows, n_kv_heads, head_dim]
    const PageRun* runs;  // [count]
    std::int64_t count;
};

inline Launch bound_launch(const BoundParams& p) {
    return {{static_cast<std::uint32_t>(p.count), static_cast<std::uint32_t>(p.bounds.n_kv_heads)},
            2 * kWarp};
}

// The pages that each row attends whose AttendedRow has some: the one it stands in, last, and
// before it, ascending, the earlier ones whose keys could give the highest scores with any query
// head of the group; of equal ones the earlier.
struct ChooseParams {
    PageBoundsView bounds;
    const float* q;                               // [rows, n_heads, head_dim]
    const AttendedRow* rows_of;                   // [rows]
    std::int32_t* lists;                          // [rows, n_kv_heads, stride]
    std::int64_t stride, rows, n_heads, longest;  // longest: pages of the row that has most
    int page_shift;
};

inline Launch choose_launch(const ChooseParams& p) {
    const std::int64_t words = p.longest + p.n_heads / p.bounds.n_kv_heads * p.bounds.head_dim;
    return {{static_cast<std::uint32_t>(p.rows), static_cast<std::uint32_t>(p.bounds.n_kv_heads)},
            8 * kWarp,
            static_cast<std::uint32_t>(words * 4)};
}

}  // namespace hone::cuda
