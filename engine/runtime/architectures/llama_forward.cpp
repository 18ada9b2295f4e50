// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "engine/runtime/architectures/forward.h"

namespace hone {
namespace {

// Attention's inputs of some rows: x → q, k, v, rotated.
void project(const Model& model, const LayerWeights& layer, Operations& op, Rows rows) {
    const ModelConfig& config = model.config;
    Activations& at = op.activations();
    const std::int64_t kv_width = config.n_kv_heads * config.head_dim;
    float* const q = at.q.data() + rows.begin * config.n_heads * config.head_dim;
    float* const k = at.k.data() + rows.begin * kv_width;
    op.norm(layer.attn_norm, at.x.data() + rows.begin * config.n_embd, at.a.data(), rows.count);
    const std::array<ProductOf, 3> products{
        {{layer.attn_q, q}, {layer.attn_k, k}, {layer.attn_v, at.v.data() + rows.begin * kv_width}}};
    op.linears(products, at.a.data(), rows.count);
    op.rotate(q, k, rows);
}

// x += output(attention); x += down(silu(gate) · up).
void mix(const Model& model, std::int64_t index, const LayerWeights& layer, Operations& op, Rows rows) {
    Activations& at = op.activations();
    float* const x = at.x.data() + rows.begin * model.config.n_embd;
    op.attend(index, at.a.data(), rows);
    op.linear_add(layer.attn_output, at.a.data(), at.b.data(), x, rows.count);
    op.norm(layer.ffn_norm, x, at.a.data(), rows.count);
    op.gated({layer.ffn_gate, at.gate.data()}, {layer.ffn_up, at.up.data()}, at.a.data(), rows.count);
    op.linear_add(layer.ffn_down, at.gate.data(), at.b.data(), x, rows.count);
}

}  // namespace

// Llama's decoder (arXiv 2302.13971): RMSNorm before each half, rotary q and k, grouped queries, SwiGLU.
void llama_layer(const Model& model, Operations& op, std::int64_t index) {
    const LayerWeights& layer = model.layers[static_cast<std::size_t>(index)];
    op.for_each_slice([&](Rows rows) { project(model, layer, op, rows); });
    op.remember(index);
    if (index + 1 == std::ssize(model.layers)) op.keep_wanted_rows();
    op.for_each_slice([&](Rows rows) { mix(model, index, layer, op, rows); });
}

}  // namespace hone
