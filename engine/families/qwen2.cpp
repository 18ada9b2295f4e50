// SPDX-License-Identifier: Apache-2.0
#include "engine/families/decoder.h"
#include "engine/families/list.h"

namespace hone {
namespace {

// transformers' Qwen2Config: 32,768 positions and 32 heads of keys and values where nothing is said.
constexpr auto kParameters = decoder_parameters(32768, 32);

constexpr std::array kTensors{
    TensorRow{Role::token_embd, "token_embd.weight", "model.embed_tokens.weight", Extent::vocabulary,
              Extent::width},
    TensorRow{Role::attn_norm, "blk.{}.attn_norm.weight", "model.layers.{}.input_layernorm.weight",
              Extent::width},
    TensorRow{Role::attn_q, "blk.{}.attn_q.weight", "model.layers.{}.self_attn.q_proj.weight",
              Extent::queries, Extent::width},
    TensorRow{Role::attn_q_bias, "blk.{}.attn_q.bias", "model.layers.{}.self_attn.q_proj.bias",
              Extent::queries},
    TensorRow{Role::attn_k, "blk.{}.attn_k.weight", "model.layers.{}.self_attn.k_proj.weight", Extent::keys,
              Extent::width},
    TensorRow{Role::attn_k_bias, "blk.{}.attn_k.bias", "model.layers.{}.self_attn.k_proj.bias", Extent::keys},
    TensorRow{Role::attn_v, "blk.{}.attn_v.weight", "model.layers.{}.self_attn.v_proj.weight", Extent::keys,
              Extent::width},
    TensorRow{Role::attn_v_bias, "blk.{}.attn_v.bias", "model.layers.{}.self_attn.v_proj.bias", Extent::keys},
    TensorRow{Role::attn_output, "blk.{}.attn_output.weight", "model.layers.{}.self_attn.o_proj.weight",
              Extent::width, Extent::queries},
    TensorRow{Role::ffn_norm, "blk.{}.ffn_norm.weight", "model.layers.{}.post_attention_layernorm.weight",
              Extent::width},
    TensorRow{Role::ffn_gate, "blk.{}.ffn_gate.weight", "model.layers.{}.mlp.gate_proj.weight",
              Extent::feed_forward, Extent::width},
    TensorRow{Role::ffn_up, "blk.{}.ffn_up.weight", "model.layers.{}.mlp.up_proj.weight",
              Extent::feed_forward, Extent::width},
    TensorRow{Role::ffn_down, "blk.{}.ffn_down.weight", "model.layers.{}.mlp.down_proj.weight", Extent::width,
              Extent::feed_forward},
    TensorRow{Role::output_norm, "output_norm.weight", "model.norm.weight", Extent::width},
    TensorRow{Role::output, "output.weight", "lm_head.weight", Extent::vocabulary, Extent::width,
              Presence::if_untied},
};

// Qwen2's configurations give a window that counts only where use_sliding_window says so, which is refused.
constexpr std::array kKeys{KeyRow{"sliding_window", Neutral::anything}};
constexpr std::array kFlags{ConfigFlag{"use_sliding_window", false}};

}  // namespace

// Qwen2 (arXiv 2407.10671): Llama's layers, with biases on q, k and v, and heads that turn by halves.
const Family kQwen2{.name = "qwen2",
                    .model_type = "qwen2",
                    .class_name = "Qwen2ForCausalLM",
                    .parameters = kParameters,
                    .tensors = kTensors,
                    .rotation = Rotation::halves,
                    .config_keys = kKeys,
                    .config_flags = kFlags};

}  // namespace hone
