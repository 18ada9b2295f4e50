// SPDX-License-Identifier: Apache-2.0
#include "engine/model/architectures/llama_keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "engine/core/error.h"
#include "engine/formats/file_kind.h"

namespace hone {
namespace {

// The value with which a key changes nothing.
enum class Neutral : std::uint8_t { zero, one, zero_or_one, yes, no, none };

struct Key {
    std::string_view name;  // behind "llama."
    Neutral neutral;
};

// From llama.cpp's list of keys (src/llama-arch.cpp): what it reads for llama or for its relatives. For some of them llama.cpp itself
// looks away where the architecture is llama; a file that has them was made for another graph.
constexpr std::array kChangesTheGraph{
    Key{"expert_count", Neutral::zero},
    Key{"expert_used_count", Neutral::zero},
    Key{"expert_shared_count", Neutral::zero},
    Key{"expert_feed_forward_length", Neutral::zero},
    Key{"expert_shared_feed_forward_length", Neutral::zero},
    Key{"expert_weights_scale", Neutral::zero_or_one},
    Key{"interleave_moe_layer_step", Neutral::zero},
    Key{"leading_dense_block_count", Neutral::zero},
    Key{"nextn_predict_layers", Neutral::zero},
    Key{"attention.sliding_window", Neutral::zero},
    Key{"attention.sliding_window_pattern", Neutral::zero},
    Key{"attention.chunk_size", Neutral::zero},
    Key{"attention.causal", Neutral::yes},
    Key{"attention.scale", Neutral::zero},
    Key{"attention.output_scale", Neutral::zero_or_one},
    Key{"attention.clamp_kqv", Neutral::zero},
    Key{"attention.max_alibi_bias", Neutral::zero},
    Key{"attention.temperature_length", Neutral::zero},
    Key{"attention.temperature_scale", Neutral::zero_or_one},
    Key{"attention.q_lora_rank", Neutral::zero},
    Key{"attention.kv_lora_rank", Neutral::zero},
    Key{"attention.shared_kv_layers", Neutral::zero},
    Key{"attention.group_norm_groups", Neutral::zero},
    Key{"attention.relative_buckets_count", Neutral::zero},
    Key{"attn_logit_softcapping", Neutral::zero},
    Key{"final_logit_softcapping", Neutral::zero},
    Key{"router_logit_softcapping", Neutral::zero},
    Key{"logit_scale", Neutral::zero_or_one},
    Key{"residual_scale", Neutral::zero_or_one},
    Key{"embedding_scale", Neutral::zero_or_one},
    Key{"embedding_length_per_layer_input", Neutral::zero},
    Key{"use_parallel_residual", Neutral::no},
    Key{"swin_norm", Neutral::no},
    Key{"rescale_every_n_layers", Neutral::zero},
    Key{"rope.scaling.attn_factor", Neutral::one},
    Key{"rope.scaling.alpha", Neutral::zero_or_one},
    Key{"rope.scaling.yarn_log_multiplier", Neutral::zero},
    Key{"rope.scaling.yarn_ext_factor", Neutral::zero},
    Key{"rope.scaling.yarn_attn_factor", Neutral::one},
    Key{"rope.dimension_sections", Neutral::none},
    Key{"rope.freq_base_swa", Neutral::none},
    Key{"ssm.conv_kernel", Neutral::none},
    Key{"ssm.state_size", Neutral::none},
    Key{"wkv.head_size", Neutral::none},
};

// Read by llama_config, or of no effect on the computation.
constexpr std::array<std::string_view, 28> kKnown{
    "block_count",
    "context_length",
    "embedding_length",
    "feed_forward_length",
    "vocab_size",
    "attention.head_count",
    "attention.head_count_kv",
    "attention.key_length",
    "attention.value_length",
    "attention.layer_norm_rms_epsilon",
    "rope.freq_base",
    "rope.dimension_count",
    "rope.scale_linear",
    "rope.scaling.type",
    "rope.scaling.factor",
    "rope.scaling.original_context_length",
    "rope.scaling.finetuned",
    "rope.scaling.low_freq_factor",
    "rope.scaling.high_freq_factor",
    // Of yarn, which is refused by its type.
    "rope.scaling.yarn_beta_fast",
    "rope.scaling.yarn_beta_slow",
    // What llama.cpp reads and no graph of a llama uses.
    "attention.layer_norm_epsilon",
    "expert_weights_norm",
    "expert_gating_func",
    "expert_group_count",
    "expert_group_used_count",
    "pooling_type",
    "tensor_data_layout",
};

std::optional<double> number(const MetadataValue& value) {
    return std::visit(
        [](const auto& held) -> std::optional<double> {
            using Held = std::decay_t<decltype(held)>;
            if constexpr (std::is_arithmetic_v<Held>) return static_cast<double>(held);
            return std::nullopt;
        },
        value);
}

bool is_neutral(const MetadataValue& value, Neutral neutral) {
    const auto found = number(value);  // a flag is 0 or 1
    if (!found) return false;
    switch (neutral) {
        case Neutral::zero:
        case Neutral::no:
            return *found == 0;
        case Neutral::one:
        case Neutral::yes:
            return *found == 1;
        case Neutral::zero_or_one:
            return *found == 0 || *found == 1;
        case Neutral::none:
            break;
    }
    return false;
}

const char* expected(Neutral neutral) {
    switch (neutral) {
        case Neutral::zero:
            return "0: nothing else is supported";
        case Neutral::one:
            return "1: nothing else is supported";
        case Neutral::zero_or_one:
            return "1: nothing else is supported";
        case Neutral::yes:
            return "true: nothing else is supported";
        case Neutral::no:
            return "false: nothing else is supported";
        case Neutral::none:
            break;
    }
    return "no such key: it is not supported";
}

[[noreturn]] void unsupported(const Checkpoint& checkpoint, std::string_view key, std::string found,
                              std::string wanted) {
    throw Error(ErrorDetails{"", checkpoint.source, checkpoint.metadata_field(key), std::move(found),
                             std::move(wanted), Fault::unsupported});
}

// LoRA adapters and projectors carry their base model's architecture.
void require_model(const Checkpoint& checkpoint) {
    const std::string type = checkpoint.text_or("general.type", "model");
    if (type == "model") return;
    ErrorDetails details{
        "",        checkpoint.source, checkpoint.metadata_field("general.type"), "'" + shortened(type) + "'",
        "'model'", Fault::not_a_model};
    details.summary = type == "adapter" ? "This file is an adapter (LoRA), not a model."
                                        : "This file is a part of a model, not a model.";
    if (type == "adapter") details.action = "Merge it into its base model first.";
    throw Error(std::move(details));
}

}  // namespace

std::vector<std::string> check_llama_keys(const Checkpoint& checkpoint) {
    constexpr std::string_view kPrefix = "llama.";
    require_model(checkpoint);
    std::vector<std::string> unknown;
    for (auto at = checkpoint.metadata.lower_bound(kPrefix);
         at != checkpoint.metadata.end() && at->first.starts_with(kPrefix); ++at) {
        const std::string_view name = std::string_view(at->first).substr(kPrefix.size());
        const auto matters = std::find_if(kChangesTheGraph.begin(), kChangesTheGraph.end(),
                                          [&](const Key& key) { return key.name == name; });
        if (matters != kChangesTheGraph.end()) {
            if (!is_neutral(at->second, matters->neutral))
                unsupported(checkpoint, at->first, value_text(at->second), expected(matters->neutral));
        } else if (std::find(kKnown.begin(), kKnown.end(), name) == kKnown.end()) {
            unknown.push_back(shortened(at->first));
        }
    }
    if (unknown.empty()) return {};
    constexpr std::size_t kNamed = 8;
    const std::size_t more = unknown.size() > kNamed ? unknown.size() - kNamed : 0;
    unknown.resize(unknown.size() - more);
    return {fmt::format("the file has keys that Hone does not know and does not use: {}{}",
                        fmt::join(unknown, ", "), more > 0 ? fmt::format(" and {} more", more) : "")};
}

}  // namespace hone
