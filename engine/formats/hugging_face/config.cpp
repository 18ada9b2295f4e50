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

// Kept beside the tensor of the rotation's factors, which alone does not say them. Behind
// "FAMILY.".
constexpr const char *kOriginalContext = "rope.scaling.original_context_length",
                     *kLowFactor = "rope.scaling.low_freq_factor",
                     *kHighFactor = "rope.scaling.high_freq_factor",
                     *kScalingType = "rope.scaling.type", *kScalingFactor = "rope.scaling.factor",
                     *kScaleLinear = "rope.scale_linear";

MetadataValue number(std::int64_t value) {
    return static_cast<std::uint32_t>(value);
}

// Reading
// -------------------------------------------------------------------------------------------------

// Reads config.json's hyper-parameters by a family's rows.
class ConfigReader {
public:
    ConfigReader(const JsonObject& config, const Family& family, Metadata& metadata,
                 std::vector<std::string>& notes)
        : config_(config), family_(family), metadata_(metadata), notes_(notes) {}

    FolderLayout read();

private:
    const ParameterRow& row(Parameter parameter) const { return family_.row(parameter); }
    // Absent where the file does not say it and transformers has no fixed default.
    std::optional<std::int64_t> size(Parameter parameter) const;
    std::int64_t required(Parameter parameter) const;
    double real(Parameter parameter) const;
    void read_heads(ModelShape& shape);
    void read_rotation(FolderLayout& layout);
    void set(Parameter parameter, MetadataValue value) const {
        metadata_[family_.key(parameter)] = std::move(value);
    }

    const JsonObject& config_;
    const Family& family_;
    Metadata& metadata_;
    std::vector<std::string>& notes_;
};

std::optional<std::int64_t> ConfigReader::size(Parameter parameter) const {
    const ParameterRow& its = row(parameter);
    const auto stated = config_.integer(its.hugging_face, static_cast<std::int64_t>(its.low),
                                        static_cast<std::int64_t>(its.high));
    if (stated || !its.config_default) return stated;
    note_default(notes_, its.hugging_face, fmt::format("{}", *its.config_default));
    return static_cast<std::int64_t>(*its.config_default);
}

std::int64_t ConfigReader::required(Parameter parameter) const {
    if (const auto stated = size(parameter)) return *stated;
    const ParameterRow& its = row(parameter);
    return config_.required_integer(its.hugging_face, static_cast<std::int64_t>(its.low),
                                    static_cast<std::int64_t>(its.high));
}

double ConfigReader::real(Parameter parameter) const {
    const ParameterRow& its = row(parameter);
    const auto stated = config_.real(its.hugging_face);
    if (!stated) note_default(notes_, its.hugging_face, fmt::format("{}", *its.config_default));
    const double value = stated.value_or(*its.config_default);
    if (!(value > its.low) || value > its.high)
        config_.fail(its.hugging_face,
                     fmt::format("a number above {}, at most {}", its.low, its.high));
    return value;
}

void ConfigReader::read_heads(ModelShape& shape) {
    shape.n_embd = required(Parameter::width);
    shape.n_heads = required(Parameter::heads);
    // A null is not silence: it asks for as many as there are heads, where silence may mean a
    // number.
    const bool null = config_.json().contains(row(Parameter::kv_heads).hugging_face) &&
                      config_.find(row(Parameter::kv_heads).hugging_face) == nullptr;
    const auto kv_heads = null ? std::nullopt : size(Parameter::kv_heads);
    shape.n_kv_heads = kv_heads.value_or(shape.n_heads);
    if (!kv_heads)
        note_default(notes_, row(Parameter::kv_heads).hugging_face, std::to_string(shape.n_heads));
    if (shape.n_heads % shape.n_kv_heads != 0)
        config_.fail(row(Parameter::kv_heads).hugging_face,
                     fmt::format("a divisor of the {} query heads", shape.n_heads));
    const std::string_view heads = row(Parameter::heads).hugging_face,
                           width = row(Parameter::width).hugging_face,
                           head = row(Parameter::head_dim).hugging_face;
    const auto head_dim = size(Parameter::head_dim);
    if (!head_dim && shape.n_embd % shape.n_heads != 0)
        config_.fail(heads, fmt::format("a divisor of {}, {}, where there is no {}", width,
                                        shape.n_embd, head));
    shape.head_dim = shape.rotary_dim = head_dim.value_or(shape.n_embd / shape.n_heads);
    const auto widest = static_cast<std::int64_t>(row(Parameter::head_dim).high);
    if (shape.head_dim % 2 != 0 || shape.head_dim > widest)
        config_.fail(head_dim ? head : heads, fmt::format("heads of {}", shape.head_dim),
                     fmt::format("an even width of at most {}", widest));
    set(Parameter::width, number(shape.n_embd));
    set(Parameter::heads, number(shape.n_heads));
    set(Parameter::kv_heads, number(shape.n_kv_heads));
    set(Parameter::rotary_dim, number(shape.head_dim));
    if (shape.head_dim * shape.n_heads != shape.n_embd) {
        set(Parameter::head_dim, number(shape.head_dim));
        set(Parameter::value_dim, number(shape.head_dim));
    }
}

void ConfigReader::read_rotation(FolderLayout& layout) {
    const RopeSettings rope =
        read_rope(config_, layout.shape.context_length,
                  row(Parameter::rope_theta).config_default.value_or(10000), notes_);
    set(Parameter::rope_theta, static_cast<float>(rope.theta));
    if (rope.linear_factor) {
        metadata_[family_.key(kScalingType)] = std::string("linear");
        metadata_[family_.key(kScalingFactor)] = static_cast<float>(*rope.linear_factor);
    }
    if (rope.llama3) {
        if (family_.row(Role::rope_factors) == nullptr)
            config_.fail("rope_scaling", "llama3",
                         fmt::format("a scaling that {} has", family_.name), Fault::unsupported);
        layout.rope_factors = rope.llama3->factors(
            static_cast<double>(static_cast<float>(rope.theta)), layout.shape.head_dim);
        metadata_[family_.key(kOriginalContext)] = number(rope.llama3->original_context);
        metadata_[family_.key(kLowFactor)] = static_cast<float>(rope.llama3->low_freq_factor);
        metadata_[family_.key(kHighFactor)] = static_cast<float>(rope.llama3->high_freq_factor);
    }
}

FolderLayout ConfigReader::read() {
    FolderLayout layout;
    layout.family = &family_;
    ModelShape& shape = layout.shape;
    metadata_["general.architecture"] = std::string(family_.name);
    shape.n_layers = required(Parameter::layers);
    set(Parameter::layers, number(shape.n_layers));
    shape.n_ff = required(Parameter::feed_forward);
    set(Parameter::feed_forward, number(shape.n_ff));
    shape.context_length = required(Parameter::context);
    set(Parameter::context, number(shape.context_length));
    set(Parameter::norm_epsilon, static_cast<float>(real(Parameter::norm_epsilon)));
    shape.n_vocab = required(Parameter::vocabulary);
    set(Parameter::vocabulary, number(shape.n_vocab));
    read_heads(shape);
    read_rotation(layout);
    shape.tied_embeddings = config_.flag("tie_word_embeddings").value_or(false);
    return layout;
}

// Writing
// -------------------------------------------------------------------------------------------------

[[noreturn]] void refuse(const Checkpoint& checkpoint, const std::string& field,
                         const std::string& found, const std::string& expected) {
    throw Error(ErrorDetails{"", checkpoint.source, field, found, expected});
}

// The shortest decimal number that is this float: 1e-05, not 9.999999747378752e-06.
double shortest(double value) {
    return std::stod(fmt::format("{}", static_cast<float>(value)));
}

double rope_theta(const Checkpoint& checkpoint, const Family& family) {
    return checkpoint.real_or(family.key(Parameter::rope_theta), 10000.0);
}

std::string field_of(const StoredTensor& tensor) {
    return fmt::format("tensor '{}'", tensor.name);
}

// The scaling that made rope_freqs.weight. The tensor holds the factor; what else there is comes
// from keys that Hone writes, or is Llama 3.1's, and must make the same tensor again.
Llama3Scaling scaling_of(const Checkpoint& checkpoint, const FolderLayout& layout) {
    const std::vector<float>& factors = layout.rope_factors;
    const Family& family = *layout.family;
    Llama3Scaling scaling;
    scaling.factor =
        shortest(static_cast<double>(*std::max_element(factors.begin(), factors.end())));
    scaling.low_freq_factor = shortest(checkpoint.real_or(family.key(kLowFactor), 1.0));
    scaling.high_freq_factor = shortest(checkpoint.real_or(family.key(kHighFactor), 4.0));
    scaling.original_context = checkpoint.integer_or(family.key(kOriginalContext), 8192);
    const std::vector<float> again = scaling.factors(rope_theta(checkpoint, family),
                                                     2 * static_cast<std::int64_t>(factors.size()));
    for (std::size_t i = 0; i < factors.size(); ++i) {
        if (!(std::abs(again[i] - factors[i]) <= 1e-5F * factors[i]))
            refuse(checkpoint,
                   fmt::format("{}[{}]", field_of(*checkpoint.find(Role::rope_factors)), i),
                   fmt::format("{}", factors[i]),
                   fmt::format(
                       "{}, as llama3's scaling by {} has it: config.json cannot say other factors",
                       again[i], scaling.factor));
    }
    return scaling;
}

nlohmann::ordered_json rope_scaling(const Checkpoint& checkpoint, const FolderLayout& layout) {
    if (!layout.rope_factors.empty()) {
        const Llama3Scaling scaling = scaling_of(checkpoint, layout);
        return {{"rope_type", "llama3"},
                {"factor", scaling.factor},
                {"low_freq_factor", scaling.low_freq_factor},
                {"high_freq_factor", scaling.high_freq_factor},
                {"original_max_position_embeddings", scaling.original_context}};
    }
    // As engine/model reads it.
    const Family& family = *layout.family;
    const bool newer = checkpoint.metadata_find(family.key(kScalingFactor)) != nullptr;
    const double factor =
        checkpoint.real_or(family.key(newer ? kScalingFactor : kScaleLinear), 1.0);
    const bool none = checkpoint.text_or(family.key(kScalingType), "linear") == "none";
    if (none || factor == 1.0 || factor == 0.0) return nullptr;
    return {{"rope_type", "linear"}, {"factor", shortest(factor)}};
}

std::vector<float> rope_factors(const Checkpoint& checkpoint, std::int64_t head_dim) {
    const StoredTensor* tensor = checkpoint.find(Role::rope_factors);
    if (tensor == nullptr) return {};
    std::vector<float> factors(static_cast<std::size_t>(head_dim / 2));
    if (tensor->type != DType::f32 || tensor->data.size() != factors.size() * sizeof(float))
        refuse(checkpoint, field_of(*tensor), fmt::format("{} B", tensor->data.size()),
               fmt::format("{} numbers as F32", factors.size()));
    std::memcpy(factors.data(), tensor->data.data(), tensor->data.size());
    return factors;
}

// The type that transformers loads the model in: that of most of its weights.
const char* torch_type(const Checkpoint& checkpoint) {
    std::map<DType, std::int64_t> elements;
    for (const StoredTensor& tensor : checkpoint.tensors)
        elements[tensor.type] += tensor.elements();
    const auto most =
        std::max_element(elements.begin(), elements.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; });
    if (most == elements.end() || most->first == DType::f32) return "float32";
    return most->first == DType::f16 ? "float16" : "bfloat16";
}

}  // namespace

FolderLayout read_config(const JsonObject& config, Metadata& metadata,
                         std::vector<std::string>& notes) {
    const Family& family = family_of(config);
    check_keys(config, family, notes);
    return ConfigReader(config, family, metadata, notes).read();
}

FolderLayout layout_of(const Checkpoint& checkpoint) {
    FolderLayout layout;
    layout.family = &checkpoint.supported_family();
    const Family& family = *layout.family;
    ModelShape& shape = layout.shape;
    shape.n_layers = checkpoint.integer(family.key(Parameter::layers));
    const auto of_layers = [&](Parameter parameter, std::int64_t fallback) {
        return checkpoint.same_in_every_layer(family.key(parameter), shape.n_layers)
            .value_or(fallback);
    };
    shape.n_heads = of_layers(Parameter::heads, 0);
    shape.n_kv_heads = of_layers(Parameter::kv_heads, shape.n_heads);
    shape.n_ff = of_layers(Parameter::feed_forward, 0);
    shape.n_embd = checkpoint.integer(family.key(Parameter::width));
    shape.context_length = checkpoint.integer(family.key(Parameter::context));
    const ParameterRow& layers = family.row(Parameter::layers);
    if (static_cast<double>(shape.n_layers) < layers.low ||
        static_cast<double>(shape.n_layers) > layers.high || shape.n_heads < 1)
        refuse(checkpoint, family.key(Parameter::layers),
               fmt::format("{} layers of {} heads", shape.n_layers, shape.n_heads),
               fmt::format("{} to {} layers of at least one head", layers.low, layers.high));
    shape.head_dim =
        checkpoint.integer_or(family.key(Parameter::head_dim), shape.n_embd / shape.n_heads);
    shape.rotary_dim = checkpoint.integer_or(family.key(Parameter::rotary_dim), shape.head_dim);
    if (shape.rotary_dim != shape.head_dim || shape.head_dim < 2 ||
        static_cast<double>(shape.head_dim) > family.row(Parameter::head_dim).high ||
        shape.head_dim % 2 != 0)
        refuse(checkpoint, family.key(Parameter::rotary_dim), std::to_string(shape.rotary_dim),
               fmt::format("{}, the width of a head: Hugging Face's {} turns all of it",
                           shape.head_dim, family.name));
    shape.tied_embeddings = checkpoint.find(Role::output) == nullptr;
    const StoredTensor* embedding = checkpoint.find(Role::token_embd);
    shape.n_vocab = embedding == nullptr ? 0 : embedding->rows();
    layout.rope_factors = rope_factors(checkpoint, shape.head_dim);
    return layout;
}

nlohmann::ordered_json write_config(const Checkpoint& checkpoint, const FolderLayout& layout) {
    const Family& family = *layout.family;
    const ModelShape& shape = layout.shape;
    nlohmann::ordered_json config{{"architectures", {std::string(family.class_name)}},
                                  {"model_type", std::string(family.model_type)}};
    const auto set = [&](Parameter parameter, nlohmann::ordered_json value) {
        config[std::string(family.row(parameter).hugging_face)] = std::move(value);
    };
    set(Parameter::width, shape.n_embd);
    set(Parameter::feed_forward, shape.n_ff);
    set(Parameter::layers, shape.n_layers);
    set(Parameter::heads, shape.n_heads);
    set(Parameter::kv_heads, shape.n_kv_heads);
    set(Parameter::head_dim, shape.head_dim);
    set(Parameter::vocabulary, shape.n_vocab);
    set(Parameter::context, shape.context_length);
    set(Parameter::norm_epsilon, shortest(checkpoint.real(family.key(Parameter::norm_epsilon))));
    set(Parameter::rope_theta, shortest(rope_theta(checkpoint, family)));
    config["rope_scaling"] = rope_scaling(checkpoint, layout);
    config["tie_word_embeddings"] = shape.tied_embeddings;
    config["hidden_act"] = "silu";
    for (const ConfigFlag& flag : family.config_flags) config[std::string(flag.key)] = flag.value;
    for (const char* token : {"bos", "eos", "padding"}) {
        const std::string key = fmt::format("tokenizer.ggml.{}_token_id", token);
        config[fmt::format("{}_token_id", std::string_view(token) == "padding" ? "pad" : token)] =
            checkpoint.metadata_find(key) == nullptr
                ? nlohmann::ordered_json()
                : nlohmann::ordered_json(checkpoint.integer(key));
    }
    config["torch_dtype"] = torch_type(checkpoint);
    return config;
}

}  // namespace hone::hf
