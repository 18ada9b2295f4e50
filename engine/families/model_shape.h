// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace hone {

// Sizes of a decoder-only transformer: what the shapes of its tensors follow from.
struct ModelShape {
    std::int64_t n_layers = 0, n_embd = 0, n_heads = 0, n_kv_heads = 0, head_dim = 0, n_ff = 0,
                 n_vocab = 0;
    std::int64_t context_length = 0;  // positions that the model was trained for
    std::int64_t rotary_dim = 0;      // elements of a head that are rotated
    bool tied_embeddings = false;     // the output matrix is the embedding's
};

}  // namespace hone
