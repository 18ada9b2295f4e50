// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "engine/model/model.h"
#include "engine/runtime/buffer.h"
#include "kernels/attention/attention.h"

namespace hone {

// For one sequence, the smallest and largest value of every key channel in every page of positions,
// layer by layer: what Quest (arXiv 2406.10774, section 3.3) ranks pages by.
class PageBounds {
public:
    PageBounds(const ModelConfig& model, int page_shift);

    // Takes in the keys of `tokens` positions from `position` on; k: [tokens, n_kv_heads,
    // head_dim]. A page that begins among them forgets what it held.
    void append(std::int64_t layer, std::int64_t position, const float* k, std::int64_t tokens);
    // [pages][n_kv_heads][2][head_dim]; valid until the next append().
    const float* layer(std::int64_t layer) const;
    std::int64_t bytes() const;

private:
    void reserve(std::int64_t layer, std::int64_t pages);

    std::int64_t n_kv_heads_, head_dim_;
    int page_shift_;
    struct Layer {
        Buffer<float> values;
        std::int64_t pages = 0;  // that there is room for
    };
    std::vector<Layer> layers_;
};

// Bytes of the bounds of a sequence of `length` positions in `layers` layers, at the end of its
// growth.
std::int64_t page_bounds_bytes(const ModelConfig& model, int page_shift, std::int64_t layers,
                               std::int64_t length);

}  // namespace hone
