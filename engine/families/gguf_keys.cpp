// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "engine/families/family.h"

namespace hone {
namespace {

// What llama.cpp reads for llama or for its relatives. For some of these keys llama.cpp itself
// looks away where the architecture is llama; a file that has them was made for another graph.
constexpr std::array kKeys{
    KeyRow{"expert_count", Neutral::zero},
    KeyRow{"expert_used_count", Neutral::zero},
    KeyRow{"expert_shared_count", Neutral::zero},
    KeyRow{"expert_feed_forward_length", Neutral::zero},
    KeyRow{"expert_shared_feed_forward_length", Neutral::zero},
    KeyRow{"expert_weights_scale", Neutral::zero_or_one},
    KeyRow{"interleave_moe_layer_step", Neutral::zero},
    KeyRow{"leading_dense_block_count", Neutral::zero},
    KeyRow{"nextn_predict_layers", Neutral::zero},
    KeyRow{"attention.sliding_window", Neutral::zero},
    KeyRow{"attention.sliding_window_pattern", Neutral::zero},
    KeyRow{"attention.chunk_size", Neutral::zero},
    KeyRow{"attention.causal", Neutral::yes},
    KeyRow{"attention.scale", Neutral::zero},
    KeyRow{"attention.output_scale", Neutral::zero_or_one},
    KeyRow{"attention.clamp_kqv", Neutral::zero},
    KeyRow{"attention.max_alibi_bias", Neutral::zero},
    KeyRow{"attention.temperature_length", Neutral::zero},
    KeyRow{"attention.temperature_scale", Neutral::zero_or_one},
    KeyRow{"attention.q_lora_rank", Neutral::zero},
    KeyRow{"attention.kv_lora_rank", Neutral::zero},
    KeyRow{"attention.shared_kv_layers", Neutral::zero},
    KeyRow{"attention.group_norm_groups", Neutral::zero},
    KeyRow{"attention.relative_buckets_count", Neutral::zero},
    KeyRow{"attn_logit_softcapping", Neutral::zero},
    KeyRow{"final_logit_softcapping", Neutral::zero},
    KeyRow{"router_logit_softcapping", Neutral::zero},
    KeyRow{"logit_scale", Neutral::zero_or_one},
    KeyRow{"residual_scale", Neutral::zero_or_one},
    KeyRow{"embedding_scale", Neutral::zero_or_one},
    KeyRow{"embedding_length_per_layer_input", Neutral::zero},
    KeyRow{"use_parallel_residual", Neutral::no},
    KeyRow{"swin_norm", Neutral::no},
    KeyRow{"rescale_every_n_layers", Neutral::zero},
    KeyRow{"rope.scaling.attn_factor", Neutral::one},
    KeyRow{"rope.scaling.alpha", Neutral::zero_or_one},
    KeyRow{"rope.scaling.yarn_log_multiplier", Neutral::zero},
    KeyRow{"rope.scaling.yarn_ext_factor", Neutral::zero},
    KeyRow{"rope.scaling.yarn_attn_factor", Neutral::one},
    KeyRow{"rope.dimension_sections", Neutral::nothing},
    KeyRow{"rope.freq_base_swa", Neutral::nothing},
    KeyRow{"ssm.conv_kernel", Neutral::nothing},
    KeyRow{"ssm.state_size", Neutral::nothing},
    KeyRow{"wkv.head_size", Neutral::nothing},
    // Hyper-parameters.
    KeyRow{"block_count", Neutral::anything},
    KeyRow{"context_length", Neutral::anything},
    KeyRow{"embedding_length", Neutral::anything},
    KeyRow{"feed_forward_length", Neutral::anything},
    KeyRow{"vocab_size", Neutral::anything},
    KeyRow{"attention.head_count", Neutral::anything},
    KeyRow{"attention.head_count_kv", Neutral::anything},
    KeyRow{"attention.key_length", Neutral::anything},
    KeyRow{"attention.value_length", Neutral::anything},
    KeyRow{"attention.layer_norm_rms_epsilon", Neutral::anything},
    KeyRow{"rope.freq_base", Neutral::anything},
    KeyRow{"rope.dimension_count", Neutral::anything},
    KeyRow{"rope.scale_linear", Neutral::anything},
    KeyRow{"rope.scaling.type", Neutral::anything},
    KeyRow{"rope.scaling.factor", Neutral::anything},
    KeyRow{"rope.scaling.original_context_length", Neutral::anything},
    KeyRow{"rope.scaling.finetuned", Neutral::anything},
    KeyRow{"rope.scaling.low_freq_factor", Neutral::anything},
    KeyRow{"rope.scaling.high_freq_factor", Neutral::anything},
    // Yarn's, which is refused by its type.
    KeyRow{"rope.scaling.yarn_beta_fast", Neutral::anything},
    KeyRow{"rope.scaling.yarn_beta_slow", Neutral::anything},
    // What llama.cpp reads and no graph of a dense decoder uses.
    KeyRow{"attention.layer_norm_epsilon", Neutral::anything},
    KeyRow{"expert_weights_norm", Neutral::anything},
    KeyRow{"expert_gating_func", Neutral::anything},
    KeyRow{"expert_group_count", Neutral::anything},
    KeyRow{"expert_group_used_count", Neutral::anything},
    KeyRow{"pooling_type", Neutral::anything},
    KeyRow{"tensor_data_layout", Neutral::anything},
};

}  // namespace

const KeyRow* gguf_key(std::string_view name) {
    const auto found = std::find_if(kKeys.begin(), kKeys.end(),
                                    [name](const KeyRow& key) { return key.name == name; });
    return found == kKeys.end() ? nullptr : &*found;
}

}  // namespace hone
