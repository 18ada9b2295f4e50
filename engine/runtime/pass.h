// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/runtime/kv_cache.h"
#include "engine/runtime/runtime.h"

namespace hone {

// A run of neighbouring tokens of one sequence within a pass.
struct Segment {
    const TokenId* tokens;
    std::int64_t count;
    std::int64_t position;  // of the first token in its sequence
    std::int64_t row;       // of the first token among the pass's rows
    KvCache* cache;         // null where the pass holds the whole sequence and nothing is kept
};

// Tokens that go through the layers together: one row each in every activation.
struct Pass {
    std::vector<Segment> segments;
    std::vector<std::int64_t> logit_rows;  // rows whose logits are wanted, ascending
    std::int64_t rows = 0;

    void clear() {
        segments.clear();
        logit_rows.clear();
        rows = 0;
    }
    // Appends a segment and returns its first row.
    std::int64_t add(std::span<const TokenId> tokens, std::int64_t position, KvCache* cache) {
        const auto count = static_cast<std::int64_t>(tokens.size());
        segments.push_back({tokens.data(), count, position, rows, cache});
        rows += count;
        return rows - count;
    }
};

}  // namespace hone
