// SPDX-License-Identifier: Apache-2.0
#include "engine/formats/hugging_face/config_keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "engine/core/error.h"

namespace hone::hf {
namespace {

using Json = nlohmann::json;

// The value of a key with which a decoder computes what a llama does. Absent and null are neutral everywhere.
enum class Neutral : std::uint8_t {
    no,      // false
    zero,    // 0 or false
    one,     // 1
    nothing  // null, [] or {}
};

struct Key {
    std::string_view name;
    Neutral neutral;
};

// From the configurations of the decoders in transformers 4 and 5, and of code that comes with checkpoints.
constexpr std::array kChangesTheGraph{
    // Biases.
    Key{"attention_bias", Neutral::no},
    Key{"mlp_bias", Neutral::no},
    Key{"use_bias", Neutral::no},
    Key{"bias", Neutral::no},
    Key{"qkv_bias", Neutral::no},
    Key{"use_qkv_bias", Neutral::no},
    Key{"attention_out_bias", Neutral::no},
    Key{"attention_output_bias", Neutral::no},
    Key{"o_bias", Neutral::no},
    Key{"no_bias", Neutral::nothing},
    Key{"lm_head_bias", Neutral::no},
    Key{"add_qkv_bias", Neutral::no},
    Key{"add_bias_linear", Neutral::no},
    Key{"norm_bias", Neutral::no},
    Key{"use_mlp_bias", Neutral::no},
    // Rotation and positions.
    Key{"rope_interleaved", Neutral::no},
    Key{"rope_interleave", Neutral::no},
    Key{"partial_rotary_factor", Neutral::one},
    Key{"rotary_pct", Neutral::one},
    Key{"rope_pct", Neutral::one},
    Key{"rotary_percentage", Neutral::one},
    Key{"rope_percentage", Neutral::one},
    Key{"rotary_dim", Neutral::nothing},
    Key{"rotary_emb_base", Neutral::nothing},
    Key{"rotary_emb_fraction", Neutral::one},
    Key{"rope_local_base_freq", Neutral::nothing},
    Key{"rope_ratio", Neutral::one},
    Key{"no_rope_layers", Neutral::nothing},
    Key{"no_rope_layer_interval", Neutral::zero},
    Key{"no_rope_layer_indices", Neutral::nothing},
    Key{"use_dynamic_ntk", Neutral::no},
    Key{"use_logn_attn", Neutral::no},
    Key{"alibi", Neutral::no},
    Key{"use_alibi", Neutral::no},
    Key{"attention_factor", Neutral::one},
    Key{"mscale", Neutral::one},
    Key{"position_embedding_type", Neutral::nothing},
    Key{"use_rope", Neutral::nothing},
    Key{"rope_skip_layers", Neutral::nothing},
    // Attention.
    Key{"sliding_window", Neutral::zero},
    Key{"sliding_window_size", Neutral::zero},
    Key{"sliding_window_pattern", Neutral::zero},
    Key{"use_sliding_window", Neutral::no},
    Key{"window_size", Neutral::zero},
    Key{"attention_window", Neutral::zero},
    Key{"local_window_size", Neutral::zero},
    Key{"attention_chunk_size", Neutral::zero},
    Key{"global_attention_layers", Neutral::nothing},
    Key{"attention_multiplier", Neutral::nothing},
    Key{"query_pre_attn_scalar", Neutral::nothing},
    Key{"attention_scale", Neutral::nothing},
    Key{"attn_scale", Neutral::nothing},
    Key{"attn_temperature_tuning", Neutral::no},
    Key{"attention_temperature", Neutral::one},
    Key{"scale_attn_by_inverse_layer_idx", Neutral::no},
    Key{"attention_sink", Neutral::zero},
    Key{"qk_norm", Neutral::no},
    Key{"use_qk_norm", Neutral::no},
    Key{"qk_layernorm", Neutral::no},
    Key{"query_key_norm", Neutral::no},
    Key{"use_qk_layernorm", Neutral::no},
    Key{"q_norm", Neutral::no},
    Key{"clip_qkv", Neutral::zero},
    Key{"clamp_kqv", Neutral::zero},
    Key{"attn_logit_softcapping", Neutral::zero},
    Key{"use_bidirectional_attention", Neutral::no},
    Key{"is_encoder_decoder", Neutral::no},
    Key{"add_cross_attention", Neutral::no},
    Key{"cross_attention_layers", Neutral::nothing},
    Key{"num_kv_shared_layers", Neutral::zero},
    Key{"cla_share_factor", Neutral::nothing},
    Key{"kv_lora_rank", Neutral::zero},
    Key{"q_lora_rank", Neutral::zero},
    Key{"use_mrope", Neutral::no},
    Key{"attn_output_gate", Neutral::no},
    Key{"differential_attention", Neutral::no},
    // Factors between the parts.
    Key{"residual_multiplier", Neutral::one},
    Key{"residual_scale", Neutral::one},
    Key{"embedding_multiplier", Neutral::one},
    Key{"embedding_scale", Neutral::one},
    Key{"scale_emb", Neutral::one},
    Key{"emb_scale", Neutral::one},
    Key{"scale_embedding", Neutral::no},
    Key{"scale_depth", Neutral::nothing},
    Key{"dim_model_base", Neutral::nothing},
    Key{"logits_scaling", Neutral::one},
    Key{"logit_scale", Neutral::one},
    Key{"logits_scale", Neutral::one},
    Key{"output_multiplier", Neutral::one},
    Key{"lm_head_multiplier", Neutral::one},
    Key{"mup_width_scale", Neutral::one},
    Key{"mup_attn_multiplier", Neutral::one},
    Key{"mup_embeddings_multiplier", Neutral::one},
    Key{"final_logit_softcapping", Neutral::zero},
    Key{"logit_softcap", Neutral::zero},
    Key{"parallel_attn", Neutral::no},
    Key{"use_parallel_residual", Neutral::no},
    Key{"parallel_residual", Neutral::no},
    Key{"post_norm", Neutral::no},
    Key{"use_post_norm", Neutral::no},
    Key{"sandwich_norm", Neutral::no},
    Key{"mlp_multipliers", Neutral::nothing},
    Key{"hidden_size_per_layer_input", Neutral::zero},
    // Feed-forward layers and experts.
    Key{"num_experts", Neutral::zero},
    Key{"num_local_experts", Neutral::zero},
    Key{"n_routed_experts", Neutral::zero},
    Key{"moe_num_experts", Neutral::zero},
    Key{"num_experts_per_tok", Neutral::zero},
    Key{"moe_intermediate_size", Neutral::zero},
    Key{"activation_sparsity_pattern", Neutral::nothing},
    Key{"mamba_d_state", Neutral::zero},
    Key{"block_configs", Neutral::nothing},
    Key{"hidden_act_param", Neutral::nothing},
    // Weights in a form of their own.
    Key{"quantization_config", Neutral::nothing},
    Key{"compression_config", Neutral::nothing},
    Key{"quantization", Neutral::nothing},
    Key{"pruned_heads", Neutral::nothing},
    Key{"use_mup", Neutral::no},
};

// Read elsewhere, or of no effect on what a given prompt's tokens compute.
constexpr std::array<std::string_view, 79> kHarmless{"architectures",
                                                     "model_type",
                                                     "hidden_size",
                                                     "intermediate_size",
                                                     "num_hidden_layers",
                                                     "num_attention_heads",
                                                     "num_key_value_heads",
                                                     "head_dim",
                                                     "vocab_size",
                                                     "max_position_embeddings",
                                                     "rms_norm_eps",
                                                     "rope_theta",
                                                     "rope_scaling",
                                                     "rope_parameters",
                                                     "tie_word_embeddings",
                                                     "hidden_act",
                                                     "bos_token_id",
                                                     "eos_token_id",
                                                     "pad_token_id",
                                                     "unk_token_id",
                                                     "sep_token_id",
                                                     "decoder_start_token_id",
                                                     "torch_dtype",
                                                     "dtype",
                                                     "transformers_version",
                                                     "transformers.js_config",
                                                     "use_cache",
                                                     "pretraining_tp",
                                                     "initializer_range",
                                                     "attention_dropout",
                                                     "hidden_dropout",
                                                     "resid_pdrop",
                                                     "embd_pdrop",
                                                     "attn_pdrop",
                                                     "dropout",
                                                     "classifier_dropout",
                                                     "_name_or_path",
                                                     "name_or_path",
                                                     "_attn_implementation",
                                                     "_attn_implementation_autoset",
                                                     "attn_implementation",
                                                     "_flash_attn_2_enabled",
                                                     "use_flash_attention",
                                                     "use_flash_attn",
                                                     "is_llama_config",
                                                     "layer_types",
                                                     "original_max_position_embeddings",
                                                     "chat_template",
                                                     "id2label",
                                                     "label2id",
                                                     "num_labels",
                                                     "problem_type",
                                                     "finetuning_task",
                                                     "task_specific_params",
                                                     "output_attentions",
                                                     "output_hidden_states",
                                                     "return_dict",
                                                     "torchscript",
                                                     "tokenizer_class",
                                                     "prefix",
                                                     "is_decoder",
                                                     "chunk_size_feed_forward",
                                                     "tf_legacy_loss",
                                                     "use_bfloat16",
                                                     "cross_attention_hidden_size",
                                                     "ignore_keys_at_rope_validation",
                                                     "max_length",
                                                     "min_length",
                                                     "do_sample",
                                                     "temperature",
                                                     "top_k",
                                                     "top_p",
                                                     "repetition_penalty",
                                                     "max_sequence_length",
                                                     "unsloth_version",
                                                     "unsloth_fixed",
                                                     "max_window_layers",
                                                     "auto_map",
                                                     "model_max_length"};

bool is_neutral(const Json& value, Neutral neutral) {
    if (value.is_null()) return true;
    switch (neutral) {
        case Neutral::no:
            return value == false;
        case Neutral::zero:
            return value == 0 || value == false;
        case Neutral::one:
            return value == 1;
        case Neutral::nothing:
            break;
    }
    return (value.is_array() || value.is_object()) && value.empty();
}

const char* expected(Neutral neutral) {
    switch (neutral) {
        case Neutral::no:
            return "false";
        case Neutral::zero:
            return "0 or null";
        case Neutral::one:
            return "1";
        case Neutral::nothing:
            break;
    }
    return "null";
}

void require_llama(const JsonObject& config) {
    const auto unsupported = [&](const char* key, const std::string& wanted) {
        const Json* found = config.find(key);
        config.fail(key, found == nullptr ? "nothing" : excerpt(*found), wanted, Fault::unsupported);
    };
    if (const auto* names = config.find("architectures"); names != nullptr) {
        const Json wanted = {"LlamaForCausalLM"};
        if (*names != wanted) unsupported("architectures", "[\"LlamaForCausalLM\"]: no other is supported");
    }
    if (config.text("model_type") != "llama")
        unsupported("model_type", "\"llama\": no other architecture is supported");
    // SiLU has two names in transformers' list of activations.
    const std::string activation = config.text("hidden_act").value_or("silu");
    if (activation != "silu" && activation != "swish") unsupported("hidden_act", "\"silu\"");
    if (const Json* types = config.find("layer_types"); types != nullptr) {
        const bool plain =
            types->is_array() && std::all_of(types->begin(), types->end(),
                                             [](const Json& type) { return type == "full_attention"; });
        if (!plain) unsupported("layer_types", "full_attention in every layer");
    }
}

}  // namespace

void note_default(std::vector<std::string>& notes, std::string_view key, const std::string& value) {
    notes.push_back(
        fmt::format("config.json does not say {}: {}, transformers' default, is used", key, value));
}

void require_plain_llama(const JsonObject& config, std::vector<std::string>& notes) {
    require_llama(config);
    std::vector<std::string> unknown;
    for (const auto& item : config.json().items()) {
        const std::string& name = item.key();
        const nlohmann::json& value = item.value();
        const auto matters = std::find_if(kChangesTheGraph.begin(), kChangesTheGraph.end(),
                                          [&](const Key& key) { return key.name == name; });
        if (matters != kChangesTheGraph.end()) {
            if (!is_neutral(value, matters->neutral))
                config.fail(name, excerpt(value),
                            fmt::format("{}: anything else is not supported", expected(matters->neutral)),
                            Fault::unsupported);
        } else if (!value.is_null() &&
                   std::find(kHarmless.begin(), kHarmless.end(), name) == kHarmless.end()) {
            unknown.push_back(name);
        }
    }
    if (config.find("hidden_act") == nullptr) note_default(notes, "hidden_act", "silu");
    if (const Json* code = config.find("auto_map"); code != nullptr)
        notes.emplace_back(
            "config.json names code of its own (auto_map): it is not run, the model is computed as a plain "
            "llama");
    if (unknown.empty()) return;
    constexpr std::size_t kNamed = 8;
    const std::size_t more = unknown.size() > kNamed ? unknown.size() - kNamed : 0;
    unknown.resize(unknown.size() - more);
    notes.push_back(fmt::format("config.json has keys that Hone does not know and does not use: {}{}",
                                fmt::join(unknown, ", "), more > 0 ? fmt::format(" and {} more", more) : ""));
}

}  // namespace hone::hf
