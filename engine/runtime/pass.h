// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/runtime/kv_cache.h"
#include "engine/runtime/page_bounds.h"

namespace hone {

// A run of neighbouring tokens of one sequence within a pass.
struct Segment {
    std::span<const TokenId> tokens;
    std::int64_t position;  // of the first token in its sequence
    std::int64_t kv_row;    // of the first token among the pass's keys and values
    std::int64_t row;       // of the first of its rows that are left, among the pass's rows …
    std::int64_t rows;  // … and how many: all, until only those whose logits are wanted are kept
    std::int64_t wanted;  // its last `wanted` tokens need logits
    KvCache* cache;       // null where the pass holds the whole sequence and nothing is remembered
    PageBounds* bounds;   // null unless attention chooses pages
};

// Tokens that go through the layers together: one row each in every activation.
struct Pass {
    std::vector<Segment> segments;
    std::int64_t rows = 0;
    std::int64_t padding =
        0;  // rows behind the segments' that are nobody's: computed, never kept or read

    void clear() {
        segments.clear();
        rows = padding = 0;
    }
    void add(std::span<const TokenId> tokens, std::int64_t position, std::int64_t wanted,
             KvCache* cache, PageBounds* bounds) {
        const auto count = static_cast<std::int64_t>(tokens.size());
        segments.push_back({tokens, position, rows, rows, count, wanted, cache, bounds});
        rows += count;
    }
    void pad(std::int64_t to_rows) {
        padding += to_rows - rows;
        rows = to_rows;
    }
    // How many rows are left when only those are kept whose logits are wanted; padding stays.
    std::int64_t wanted() const {
        std::int64_t sum = padding;
        for (const Segment& segment : segments) sum += segment.wanted;
        return sum;
    }
};

// Whether the pass decodes: every sequence is extended by one token. It is the shape that comes
// again and again.
inline bool extends_all(const Pass& pass) {
    return std::all_of(pass.segments.begin(), pass.segments.end(), [](const Segment& segment) {
        return segment.rows == 1 && segment.wanted == 1;
    });
}

}  // namespace hone
