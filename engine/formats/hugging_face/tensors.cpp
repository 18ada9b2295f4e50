// SPDX-License-Identifier: Apache-2.0
#include "engine/formats/hugging_face/tensors.h"

#include <fmt/format.h>

namespace hone::hf {

std::vector<LlamaTensor> llama_tensors(const LlamaLayout& layout) {
    struct Part {
        const char *gguf, *name;
        bool by_halves = false;
    };
    constexpr Part kParts[] = {{"attn_norm", "input_layernorm"},     {"attn_q", "self_attn.q_proj", true},
                               {"attn_k", "self_attn.k_proj", true}, {"attn_v", "self_attn.v_proj"},
                               {"attn_output", "self_attn.o_proj"},  {"ffn_norm", "post_attention_layernorm"},
                               {"ffn_gate", "mlp.gate_proj"},        {"ffn_up", "mlp.up_proj"},
                               {"ffn_down", "mlp.down_proj"}};
    std::vector<LlamaTensor> tensors{{"token_embd.weight", "model.embed_tokens.weight"}};
    for (std::int64_t layer = 0; layer < layout.n_layers; ++layer) {
        for (const Part& part : kParts)
            tensors.push_back({fmt::format("blk.{}.{}.weight", layer, part.gguf),
                               fmt::format("model.layers.{}.{}.weight", layer, part.name), part.by_halves});
    }
    tensors.push_back({"output_norm.weight", "model.norm.weight"});
    if (!layout.tied_embeddings) tensors.push_back({"output.weight", "lm_head.weight"});
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
