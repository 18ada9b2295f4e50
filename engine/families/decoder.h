// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include "engine/families/family.h"

namespace hone {

// What most decoders have in common: rows that a family takes as they are, or with some of its own.

// The hyper-parameters of Llama and its relatives. `context`, `kv_heads`: what transformers takes
// where config.json does not say them; without the second there are as many as query heads, without
// the third heads share the embedding's width.
constexpr std::array<ParameterRow, 12> decoder_parameters(double context,
                                                          std::optional<double> kv_heads = {},
                                                          std::optional<double> head_dim = {}) {
    // Bounds of what is plausible, so that products of them stay far below 2^63.
    constexpr double kWidest = 1 << 20, kMostPositions = 1 << 24, kMostTokens = 1 << 24,
                     kMostHeads = 1 << 14, kWidestHead = 1 << 12;
    return {
        {{Parameter::layers, "block_count", "num_hidden_layers", 1, 4096},
         {Parameter::width, "embedding_length", "hidden_size", 2, kWidest},
         {Parameter::feed_forward, "feed_forward_length", "intermediate_size", 1, kWidest},
         {Parameter::heads, "attention.head_count", "num_attention_heads", 1, kMostHeads},
         {Parameter::kv_heads, "attention.head_count_kv", "num_key_value_heads", 1, kMostHeads,
          kv_heads},
         {Parameter::head_dim, "attention.key_length", "head_dim", 2, kWidestHead, head_dim},
         {Parameter::value_dim, "attention.value_length", "", 1, kWidestHead},
         {Parameter::rotary_dim, "rope.dimension_count", "", 2, kWidestHead},
         {Parameter::context, "context_length", "max_position_embeddings", 1, kMostPositions,
          context},
         {Parameter::vocabulary, "vocab_size", "vocab_size", 1, kMostTokens},
         {Parameter::norm_epsilon, "attention.layer_norm_rms_epsilon", "rms_norm_eps", 0, 1, 1e-6},
         {Parameter::rope_theta, "rope.freq_base", "rope_theta", 0, 1e12, 10000}}};
}

// The tensors of Llama and its relatives, with rows in one order in GGUF and Hugging Face.
namespace decoder {
inline constexpr TensorRow kTokenEmbd{Role::token_embd, "token_embd.weight",
                                      "model.embed_tokens.weight", Extent::vocabulary,
                                      Extent::width};
inline constexpr TensorRow kAttnNorm{Role::attn_norm, "blk.{}.attn_norm.weight",
                                     "model.layers.{}.input_layernorm.weight", Extent::width};
inline constexpr TensorRow kAttnQ{Role::attn_q, "blk.{}.attn_q.weight",
                                  "model.layers.{}.self_attn.q_proj.weight", Extent::queries,
                                  Extent::width};
inline constexpr TensorRow kAttnK{Role::attn_k, "blk.{}.attn_k.weight",
                                  "model.layers.{}.self_attn.k_proj.weight", Extent::keys,
                                  Extent::width};
inline constexpr TensorRow kAttnV{Role::attn_v, "blk.{}.attn_v.weight",
                                  "model.layers.{}.self_attn.v_proj.weight", Extent::keys,
                                  Extent::width};
inline constexpr TensorRow kAttnOutput{Role::attn_output, "blk.{}.attn_output.weight",
                                       "model.layers.{}.self_attn.o_proj.weight", Extent::width,
                                       Extent::queries};
inline constexpr TensorRow kFfnNorm{Role::ffn_norm, "blk.{}.ffn_norm.weight",
                                    "model.layers.{}.post_attention_layernorm.weight",
                                    Extent::width};
inline constexpr TensorRow kFfnGate{Role::ffn_gate, "blk.{}.ffn_gate.weight",
                                    "model.layers.{}.mlp.gate_proj.weight", Extent::feed_forward,
                                    Extent::width};
inline constexpr TensorRow kFfnUp{Role::ffn_up, "blk.{}.ffn_up.weight",
                                  "model.layers.{}.mlp.up_proj.weight", Extent::feed_forward,
                                  Extent::width};
inline constexpr TensorRow kFfnDown{Role::ffn_down, "blk.{}.ffn_down.weight",
                                    "model.layers.{}.mlp.down_proj.weight", Extent::width,
                                    Extent::feed_forward};
inline constexpr TensorRow kOutputNorm{Role::output_norm, "output_norm.weight", "model.norm.weight",
                                       Extent::width};
inline constexpr TensorRow kOutput{Role::output,       "output.weight", "lm_head.weight",
                                   Extent::vocabulary, Extent::width,   Presence::if_untied};

// The row whose heads GGUF turns by neighbours and Hugging Face by halves.
constexpr TensorRow rotary_halves(TensorRow row) {
    row.order = RowOrder::rotary_halves;
    return row;
}
}  // namespace decoder

}  // namespace hone
