// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/formats/hugging_face/config.h"

namespace hone::hf {

// A tensor under both of its names.
struct FolderTensor {
    const TensorRow* row;
    std::string gguf, name;  // "blk.0.attn_q.weight", "model.layers.0.self_attn.q_proj.weight"
    bool by_halves = false;  // the rows of each head are in another order, see hugging_face_row
};

// All tensors that the files of such a model may hold, in GGUF's order; Presence::optional ones
// among them.
std::vector<FolderTensor> folder_tensors(const FolderLayout& layout);

// The rows of q and k that a rotation turns together: GGUF has each pair side by side (2i, 2i + 1),
// Hugging Face in the halves of the head (i, i + head_dim/2). Row of the other order for a row of
// the one.
std::int64_t hugging_face_row(std::int64_t gguf_row, std::int64_t head_dim);
std::int64_t gguf_row(std::int64_t hugging_face_row, std::int64_t head_dim);

// A buffer that old checkpoints hold and every program computes anew.
bool is_computed(std::string_view name);

}  // namespace hone::hf
