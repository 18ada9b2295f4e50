// SPDX-License-Identifier: Apache-2.0
#include "engine/formats/hugging_face/tensors.h"

namespace hone::hf {

std::vector<FolderTensor> folder_tensors(const FolderLayout& layout) {
    std::vector<FolderTensor> tensors;
    for_each_tensor(*layout.family, layout.shape, [&](const TensorRow& row, std::int64_t layer) {
        if (row.hugging_face.empty()) return;
        if (row.presence == Presence::if_untied && layout.shape.tied_embeddings) return;
        tensors.push_back({&row, row.gguf_name(layer), row.hugging_face_name(layer),
                           row.order == RowOrder::rotary_halves});
    });
    return tensors;
}

std::int64_t hugging_face_row(std::int64_t gguf_row, std::int64_t head_dim) {
    const std::int64_t in_head = gguf_row % head_dim;
    return gguf_row - in_head + in_head % 2 * (head_dim / 2) + in_head / 2;
}

std::int64_t gguf_row(std::int64_t hugging_face_row, std::int64_t head_dim) {
    const std::int64_t in_head = hugging_face_row % head_dim;
    return hugging_face_row - in_head + in_head % (head_dim / 2) * 2 + in_head / (head_dim / 2);
}

bool is_computed(std::string_view name) {
    return name.ends_with(".rotary_emb.inv_freq");
}

}  // namespace hone::hf
