// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/graph.h"

#include <array>

namespace hone {
namespace {

// Nothing where the family has no such bias.
void add_bias(const StoredTensor* bias, float* y, Operations& op, Rows rows) {
    if (bias != nullptr) op.add_bias(y, bias, rows.count);
}

// Norms each head; nothing where the family does not.
void norm_heads(const StoredTensor* weight, float* y, std::int64_t heads, Operations& op,
                Rows rows) {
    if (weight != nullptr) op.norm(weight, y, y, rows.count, heads);
}

// Attention's inputs of some rows: x → q, k, v, rotated.
void project(const ModelConfig& config, const LayerWeights& layer, Operations& op, Rows rows) {
    Activations& at = op.activations();
    const std::int64_t kv_width = config.n_kv_heads * config.head_dim;
    float* const q = at.q.at(rows.begin * config.n_heads * config.head_dim);
    float* const k = at.k.at(rows.begin * kv_width);
    float* const v = at.v.at(rows.begin * kv_width);
    op.norm(layer[Role::attn_norm], at.x.at(rows.begin * config.n_embd), at.a.data(), rows.count,
            1);
    const std::array<ProductOf, 3> products{
        {{layer[Role::attn_q], q}, {layer[Role::attn_k], k}, {layer[Role::attn_v], v}}};
    op.linears(products, at.a.data(), rows.count);
    add_bias(layer[Role::attn_q_bias], q, op, rows);
    add_bias(layer[Role::attn_k_bias], k, op, rows);
    add_bias(layer[Role::attn_v_bias], v, op, rows);
    norm_heads(layer[Role::attn_q_norm], q, config.n_heads, op, rows);
    norm_heads(layer[Role::attn_k_norm], k, config.n_kv_heads, op, rows);
    op.rotate(q, k, rows);
}

// x += output(attention); x += down(silu(gate) · up).
void mix(const ModelConfig& config, std::int64_t index, const LayerWeights& layer, Operations& op,
         Rows rows) {
    Activations& at = op.activations();
    float* const x = at.x.at(rows.begin * config.n_embd);
    op.attend(index, at.a.data(), rows);
    op.linear_add(layer[Role::attn_output], at.a.data(), at.b.data(), x, rows.count);
    op.norm(layer[Role::ffn_norm], x, at.a.data(), rows.count, 1);
    op.gated({layer[Role::ffn_gate], at.gate.data()}, {layer[Role::ffn_up], at.up.data()},
             at.a.data(), rows.count);
    op.linear_add(layer[Role::ffn_down], at.gate.data(), at.b.data(), x, rows.count);
}

}  // namespace

// RMSNorm before each half, rotary q and k, grouped queries, SwiGLU (Llama, arXiv 2302.13971);
// biases, and norms of the heads of q and k, where the family has them.
void decoder_layer(const ModelConfig& config, const BoundWeights& weights, Operations& op,
                   std::int64_t index) {
    const LayerWeights& layer = weights.layers[static_cast<std::size_t>(index)];
    op.for_each_slice([&](Rows rows) { project(config, layer, op, rows); });
    op.remember(index);
    if (index + 1 == std::ssize(weights.layers)) op.keep_wanted_rows();
    op.for_each_slice([&](Rows rows) { mix(config, index, layer, op, rows); });
}

}  // namespace hone
