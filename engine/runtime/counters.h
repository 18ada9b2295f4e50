// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "engine/core/dtype.h"

namespace hone {

// What a runtime has done since it was made: the evidence that a technique engaged. Rows that the
// last layer may leave out, because nobody wants their logits, count as if it did not, in both sums
// of pairs.
struct RuntimeCounters {
    std::int64_t attended_pairs =
        0;  // query-key pairs that the mask let through, over layers and heads
    std::int64_t skipped_pairs = 0;      // causal pairs of computed rows that it did not
    std::int64_t dense_pairs = 0;        // what dense attention with a cache would have let through
    std::int64_t batched_tokens = 0;     // decode tokens computed together with another sequence's
    std::int64_t recomputed_tokens = 0;  // tokens computed again because the cache is off
    std::int64_t forward_tokens = 0;     // tokens that callers appended
    std::int64_t reduced_products =
        0;  // products computed in RunConfig::arithmetic, where that is not fp32
    std::array<std::int64_t, kDTypes> products_of_type = {};  // products with weights stored so
    std::int64_t skipped_zeros =
        0;  // weights that products did not read, because sparse types leave zeros out
    std::int64_t reduced_kv_tokens =
        0;                       // tokens whose keys and values were stored in less than fp32
    std::int64_t kv_blocks = 0;  // blocks that a paged cache took
    double attention_mass = 0;   // see Runtime::measure_attention_mass(), summed over …
    std::int64_t attention_mass_rows = 0;  // … queries, heads and layers that left something out
    std::int64_t non_finite_rows =
        0;  // rows of logits whose hidden state held a NaN or an infinity
};

}  // namespace hone
