// SPDX-License-Identifier: Apache-2.0
#include "engine/formats/hugging_face/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>

#include "engine/core/error.h"
#include "engine/formats/hugging_face/config_keys.h"
#include "engine/formats/hugging_face/rope.h"

namespace hone::hf {
namespace {

constexpr std::int64_t kMost = std::int64_t{1} << 24, kMaxLayers = 4096, kMaxHeadDim = 4096;
constexpr const char* kRopeFactors = "rope_freqs.weight";
// Kept beside rope_freqs.weight, which alone does not say them.
constexpr const char *kOriginalContext = "llama.rope.scaling.original_context_length",
                     *kLowFactor = "llama.rope.scaling.low_freq_factor",
                     *kHighFactor = "llama.rope.scaling.high_freq_factor";

MetadataValue number(std::int64_t value) {
    return static_cast<std::uint32_t>(value);
}

// Reading ----------------------------------------------------------------------------------------------------------

double positive(const JsonObject& object, std::string_view key, double fallback) {
    const double value = object.real(key).value_or(fallback);
    if (!(value > 0) || value > 1e12) object.fail(key, "a number above 0, at most 1e12");
    return value;
}

void read_heads(const JsonObject& config, LlamaLayout& layout, Metadata& metadata,
                std::vector<std::string>& notes) {
    const std::int64_t width = config.required_integer("hidden_size", 2, kMost);
    layout.n_heads = config.required_integer("num_attention_heads", 1, 1 << 14);
    const auto kv_heads = config.integer("num_key_value_heads", 1, 1 << 14);
    layout.n_kv_heads = kv_heads.value_or(layout.n_heads);
    if (!kv_heads) note_default(notes, "num_key_value_heads", std::to_string(layout.n_heads));
    if (layout.n_heads % layout.n_kv_heads != 0)
        config.fail("num_key_value_heads", fmt::format("a divisor of the {} query heads", layout.n_heads));
    const auto head_dim = config.integer("head_dim", 2, kMaxHeadDim);
    if (!head_dim && width % layout.n_heads != 0)
        config.fail("num_attention_heads",
                    fmt::format("a divisor of hidden_size, {}, where there is no head_dim", width));
    layout.head_dim = head_dim.value_or(width / layout.n_heads);
    if (layout.head_dim % 2 != 0 || layout.head_dim > kMaxHeadDim)
        config.fail(head_dim ? "head_dim" : "num_attention_heads",
                    fmt::format("heads of {}", layout.head_dim),
                    fmt::format("an even width of at most {}", kMaxHeadDim));
    metadata["llama.embedding_length"] = number(width);
    metadata["llama.attention.head_count"] = number(layout.n_heads);
    metadata["llama.attention.head_count_kv"] = number(layout.n_kv_heads);
    metadata["llama.rope.dimension_count"] = number(layout.head_dim);
    if (layout.head_dim * layout.n_heads != width) {
        metadata["llama.attention.key_length"] = number(layout.head_dim);
        metadata["llama.attention.value_length"] = number(layout.head_dim);
    }
}

// Writing ----------------------------------------------------------------------------------------------------------

[[noreturn]] void refuse(const Checkpoint& checkpoint, const std::string& field, const std::string& found,
                         const std::string& expected) {
    throw Error(ErrorDetails{"", checkpoint.source, field, found, expected});
}

// The shortest decimal number that is this float: 1e-05, not 9.999999747378752e-06.
double shortest(double value) {
    return std::stod(fmt::format("{}", static_cast<float>(value)));
}

double rope_theta(const Checkpoint& checkpoint) {
    return checkpoint.real_or("llama.rope.freq_base", 10000.0);
}

// The scaling that made rope_freqs.weight. The tensor holds the factor; what else there is comes from keys that Hone
// writes, or is Llama 3.1's, and must make the same tensor again.
Llama3Scaling scaling_of(const Checkpoint& checkpoint, const std::vector<float>& factors) {
    Llama3Scaling scaling;
    scaling.factor = shortest(static_cast<double>(*std::max_element(factors.begin(), factors.end())));
    scaling.low_freq_factor = shortest(checkpoint.real_or(kLowFactor, 1.0));
    scaling.high_freq_factor = shortest(checkpoint.real_or(kHighFactor, 4.0));
    scaling.original_context = checkpoint.integer_or(kOriginalContext, 8192);
    const std::vector<float> again =
        scaling.factors(rope_theta(checkpoint), 2 * static_cast<std::int64_t>(factors.size()));
    for (std::size_t i = 0; i < factors.size(); ++i) {
        if (!(std::abs(again[i] - factors[i]) <= 1e-5F * factors[i]))
            refuse(checkpoint, fmt::format("tensor '{}'[{}]", kRopeFactors, i), fmt::format("{}", factors[i]),
                   fmt::format("{}, as llama3's scaling by {} has it: config.json cannot say other factors",
                               again[i], scaling.factor));
    }
    return scaling;
}

nlohmann::ordered_json rope_scaling(const Checkpoint& checkpoint, const LlamaLayout& layout) {
    if (!layout.rope_factors.empty()) {
        const Llama3Scaling scaling = scaling_of(checkpoint, layout.rope_factors);
        return {{"rope_type", "llama3"},
                {"factor", scaling.factor},
                {"low_freq_factor", scaling.low_freq_factor},
                {"high_freq_factor", scaling.high_freq_factor},
                {"original_max_position_embeddings", scaling.original_context}};
    }
    // As engine/model reads it.
    const bool newer = checkpoint.metadata_find("llama.rope.scaling.factor") != nullptr;
    const double factor =
        checkpoint.real_or(newer ? "llama.rope.scaling.factor" : "llama.rope.scale_linear", 1.0);
    const bool none = checkpoint.text_or("llama.rope.scaling.type", "linear") == "none";
    if (none || factor == 1.0 || factor == 0.0) return nullptr;
    return {{"rope_type", "linear"}, {"factor", shortest(factor)}};
}

std::vector<float> rope_factors(const Checkpoint& checkpoint, std::int64_t head_dim) {
    const StoredTensor* tensor = checkpoint.find(kRopeFactors);
    if (tensor == nullptr) return {};
    std::vector<float> factors(static_cast<std::size_t>(head_dim / 2));
    if (tensor->type != DType::f32 || tensor->data.size() != factors.size() * sizeof(float))
        refuse(checkpoint, fmt::format("tensor '{}'", kRopeFactors), fmt::format("{} B", tensor->data.size()),
               fmt::format("{} numbers as F32", factors.size()));
    std::memcpy(factors.data(), tensor->data.data(), tensor->data.size());
    return factors;
}

// The type that transformers loads the model in: that of most of its weights.
const char* torch_type(const Checkpoint& checkpoint) {
    std::map<DType, std::int64_t> elements;
    for (const StoredTensor& tensor : checkpoint.tensors) elements[tensor.type] += tensor.elements();
    const auto most = std::max_element(elements.begin(), elements.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    if (most == elements.end() || most->first == DType::f32) return "float32";
    return most->first == DType::f16 ? "float16" : "bfloat16";
}

}  // namespace

LlamaLayout read_config(const JsonObject& config, Metadata& metadata, std::vector<std::string>& notes) {
    require_plain_llama(config, notes);
    LlamaLayout layout;
    metadata["general.architecture"] = std::string("llama");
    layout.n_layers = config.required_integer("num_hidden_layers", 1, kMaxLayers);
    metadata["llama.block_count"] = number(layout.n_layers);
    metadata["llama.feed_forward_length"] = number(config.required_integer("intermediate_size", 1, kMost));
    const auto context = config.integer("max_position_embeddings", 1, kMost);
    if (!context) note_default(notes, "max_position_embeddings", "2048");
    metadata["llama.context_length"] = number(context.value_or(2048));
    if (config.find("rms_norm_eps") == nullptr) note_default(notes, "rms_norm_eps", "1e-06");
    metadata["llama.attention.layer_norm_rms_epsilon"] =
        static_cast<float>(positive(config, "rms_norm_eps", 1e-6));
    layout.n_vocab = config.required_integer("vocab_size", 1, kMost);
    metadata["llama.vocab_size"] = number(layout.n_vocab);
    read_heads(config, layout, metadata, notes);
    const RopeSettings rope = read_rope(config, context.value_or(2048), notes);
    metadata["llama.rope.freq_base"] = static_cast<float>(rope.theta);
    if (rope.linear_factor) {
        metadata["llama.rope.scaling.type"] = std::string("linear");
        metadata["llama.rope.scaling.factor"] = static_cast<float>(*rope.linear_factor);
    }
    if (rope.llama3) {
        layout.rope_factors =
            rope.llama3->factors(static_cast<double>(static_cast<float>(rope.theta)), layout.head_dim);
        metadata[kOriginalContext] = number(rope.llama3->original_context);
        metadata[kLowFactor] = static_cast<float>(rope.llama3->low_freq_factor);
        metadata[kHighFactor] = static_cast<float>(rope.llama3->high_freq_factor);
    }
    layout.tied_embeddings = config.flag("tie_word_embeddings").value_or(false);
    return layout;
}

LlamaLayout layout_of(const Checkpoint& checkpoint) {
    if (const std::string name = checkpoint.text("general.architecture"); name != "llama")
        refuse(checkpoint, "general.architecture", "'" + name + "'", "llama");
    LlamaLayout layout;
    layout.n_layers = checkpoint.integer("llama.block_count");
    const auto of_layers = [&](const char* key, std::int64_t fallback) {
        return checkpoint.same_in_every_layer(key, layout.n_layers).value_or(fallback);
    };
    layout.n_heads = of_layers("llama.attention.head_count", 0);
    layout.n_kv_heads = of_layers("llama.attention.head_count_kv", layout.n_heads);
    const std::int64_t width = checkpoint.integer("llama.embedding_length");
    if (layout.n_layers < 1 || layout.n_layers > kMaxLayers || layout.n_heads < 1)
        refuse(checkpoint, "llama.block_count",
               fmt::format("{} layers of {} heads", layout.n_layers, layout.n_heads),
               fmt::format("1 to {} layers of at least one head", kMaxLayers));
    layout.head_dim = checkpoint.integer_or("llama.attention.key_length", width / layout.n_heads);
    const std::int64_t rotary = checkpoint.integer_or("llama.rope.dimension_count", layout.head_dim);
    if (rotary != layout.head_dim || rotary < 2 || rotary > kMaxHeadDim || rotary % 2 != 0)
        refuse(checkpoint, "llama.rope.dimension_count", std::to_string(rotary),
               fmt::format("{}, the width of a head: Hugging Face's llama turns all of it", layout.head_dim));
    layout.tied_embeddings = checkpoint.find("output.weight") == nullptr;
    const StoredTensor* embedding = checkpoint.find("token_embd.weight");
    layout.n_vocab = embedding == nullptr ? 0 : embedding->rows();
    layout.rope_factors = rope_factors(checkpoint, layout.head_dim);
    return layout;
}

nlohmann::ordered_json write_config(const Checkpoint& checkpoint, const LlamaLayout& layout) {
    const auto id = [&](const char* key) {
        return checkpoint.metadata_find(key) == nullptr ? nlohmann::ordered_json()
                                                        : nlohmann::ordered_json(checkpoint.integer(key));
    };
    const std::int64_t width = checkpoint.integer("llama.embedding_length");
    return {{"architectures", {"LlamaForCausalLM"}},
            {"model_type", "llama"},
            {"hidden_size", width},
            {"intermediate_size",
             checkpoint.same_in_every_layer("llama.feed_forward_length", layout.n_layers).value_or(0)},
            {"num_hidden_layers", layout.n_layers},
            {"num_attention_heads", layout.n_heads},
            {"num_key_value_heads", layout.n_kv_heads},
            {"head_dim", layout.head_dim},
            {"vocab_size", layout.n_vocab},
            {"max_position_embeddings", checkpoint.integer("llama.context_length")},
            {"rms_norm_eps", shortest(checkpoint.real("llama.attention.layer_norm_rms_epsilon"))},
            {"rope_theta", shortest(rope_theta(checkpoint))},
            {"rope_scaling", rope_scaling(checkpoint, layout)},
            {"tie_word_embeddings", layout.tied_embeddings},
            {"hidden_act", "silu"},
            {"attention_bias", false},
            {"mlp_bias", false},
            {"bos_token_id", id("tokenizer.ggml.bos_token_id")},
            {"eos_token_id", id("tokenizer.ggml.eos_token_id")},
            {"pad_token_id", id("tokenizer.ggml.padding_token_id")},
            {"torch_dtype", torch_type(checkpoint)}};
}

}  // namespace hone::hf
