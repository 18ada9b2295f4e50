// SPDX-License-Identifier: Apache-2.0
#include "engine/families/decoder.h"
#include "engine/families/list.h"

namespace hone {
namespace {

constexpr auto kParameters = decoder_parameters(2048);

constexpr std::array kTensors{
    TensorRow{Role::rope_factors, "rope_freqs.weight", "", Extent::half_rotary, Extent::none,
              Presence::optional},
    TensorRow{Role::token_embd, "token_embd.weight", "model.embed_tokens.weight", Extent::vocabulary,
              Extent::width},
    TensorRow{Role::attn_norm, "blk.{}.attn_norm.weight", "model.layers.{}.input_layernorm.weight",
              Extent::width},
    TensorRow{Role::attn_q, "blk.{}.attn_q.weight", "model.layers.{}.self_attn.q_proj.weight",
              Extent::queries, Extent::width, Presence::always, RowOrder::rotary_halves},
    TensorRow{Role::attn_k, "blk.{}.attn_k.weight", "model.layers.{}.self_attn.k_proj.weight", Extent::keys,
              Extent::width, Presence::always, RowOrder::rotary_halves},
    TensorRow{Role::attn_v, "blk.{}.attn_v.weight", "model.layers.{}.self_attn.v_proj.weight", Extent::keys,
              Extent::width},
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

constexpr std::array kFlags{ConfigFlag{"attention_bias", false}, ConfigFlag{"mlp_bias", false}};

}  // namespace

// Llama (arXiv 2302.13971): RMSNorm before each half of a layer, rotary q and k, grouped queries, SwiGLU.
const Family kLlama{.name = "llama",
                    .model_type = "llama",
                    .class_name = "LlamaForCausalLM",
                    .parameters = kParameters,
                    .tensors = kTensors,
                    .config_flags = kFlags};

}  // namespace hone
