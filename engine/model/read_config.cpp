// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <map>
#include <set>
#include <string>

#include "engine/core/error.h"
#include "engine/formats/file_kind.h"
#include "engine/model/family_keys.h"
#include "engine/model/hyper_parameters.h"
#include "engine/model/model.h"

namespace hone {
namespace {

// Reads the hyper-parameters by the rows of the checkpoint's family.
class ConfigReader {
public:
    ConfigReader(const Checkpoint& checkpoint, const Family& family)
        : checkpoint_(checkpoint), family_(family) {}

    ModelConfig read();

private:
    std::string key(Parameter parameter) const { return family_.key(parameter); }
    bool says(const std::string& name) const { return checkpoint_.metadata_find(name) != nullptr; }
    std::int64_t low(Parameter parameter) const {
        return static_cast<std::int64_t>(family_.row(parameter).low);
    }
    std::int64_t high(Parameter parameter) const {
        return static_cast<std::int64_t>(family_.row(parameter).high);
    }
    std::int64_t size(Parameter parameter) const {
        return integer_within(checkpoint_, key(parameter), low(parameter), high(parameter));
    }
    std::int64_t size_or(Parameter parameter, std::int64_t fallback) const {
        return says(key(parameter)) ? size(parameter) : fallback;
    }
    // One number, or one a layer where they are all the same.
    std::int64_t size_of_layers(Parameter parameter) const;
    double real(Parameter parameter, double value) const {
        const ParameterRow& row = family_.row(parameter);
        return real_within(checkpoint_, key(parameter), value, row.low, row.high);
    }
    void note_default(const std::string& name, const std::string& value);
    void read_heads();
    double linear_factor();
    std::vector<float> frequency_factors() const;
    void read_rope();
    void read_vocabulary();

    const Checkpoint& checkpoint_;
    const Family& family_;
    ModelConfig config_;
};

std::int64_t ConfigReader::size_of_layers(Parameter parameter) const {
    const auto value = checkpoint_.same_in_every_layer(key(parameter), config_.n_layers);
    return value ? within(checkpoint_, key(parameter), *value, low(parameter), high(parameter))
                 : size(parameter);
}

void ConfigReader::note_default(const std::string& name, const std::string& value) {
    if (says(name)) return;
    config_.notes.push_back(
        fmt::format("the file does not say {}: {}, llama.cpp's default, is used", name, value));
}

void ConfigReader::read_heads() {
    const std::string heads = key(Parameter::heads), kv_heads = key(Parameter::kv_heads),
                      head_dim = key(Parameter::head_dim), rotary = key(Parameter::rotary_dim);
    config_.n_heads = size_of_layers(Parameter::heads);
    config_.n_kv_heads = says(kv_heads) ? size_of_layers(Parameter::kv_heads) : config_.n_heads;
    note_default(kv_heads, fmt::format("{}, as many as {}", config_.n_heads, heads));
    if (config_.n_heads % config_.n_kv_heads != 0)
        refuse(checkpoint_, kv_heads, std::to_string(config_.n_kv_heads),
               fmt::format("a divisor of the {} query heads", config_.n_heads));
    if (!says(head_dim) && config_.n_embd % config_.n_heads != 0)
        refuse(checkpoint_, heads,
               fmt::format("{} heads for an embedding of {}", config_.n_heads, config_.n_embd),
               "a divisor of it, or " + head_dim);
    config_.head_dim = size_or(Parameter::head_dim, config_.n_embd / config_.n_heads);
    const std::int64_t value_dim = size_or(Parameter::value_dim, config_.head_dim);
    if (value_dim != config_.head_dim)
        refuse(checkpoint_, key(Parameter::value_dim), std::to_string(value_dim),
               fmt::format("{}, as the keys have", config_.head_dim));
    config_.rotary_dim = integer_within_or(checkpoint_, rotary, config_.head_dim,
                                           low(Parameter::rotary_dim), config_.head_dim);
    if (config_.rotary_dim % 2 != 0)
        refuse(checkpoint_, rotary, std::to_string(config_.rotary_dim), "an even number");
}

// What linear scaling divides every frequency by (arXiv 2306.15595); 1 where there is none. As
// llama.cpp reads it: the type is linear where none is said, the older key counts where the newer
// is absent, and 0 is no scaling.
double ConfigReader::linear_factor() {
    const std::string type_key = family_.key("rope.scaling.type");
    const std::string type = checkpoint_.text_or(type_key, "linear");
    if (type != "none" && type != "linear")
        refuse(checkpoint_, type_key, "'" + type + "'",
               "none or linear (llama3 comes as the tensor 'rope_freqs.weight')",
               Fault::unsupported);
    std::string factor_key = family_.key("rope.scaling.factor");
    if (!says(factor_key)) factor_key = family_.key("rope.scale_linear");
    const double factor = checkpoint_.real_or(factor_key, 0.0);
    if (factor == 0.0) return 1.0;
    if (type == "none") {
        if (factor != 1.0)
            config_.notes.push_back(
                fmt::format("{} is {} and is not used, since {} is none, as in llama.cpp",
                            factor_key, factor, type_key));
        return 1.0;
    }
    if (factor != 1.0) note_default(type_key, "linear");
    return real_within(checkpoint_, factor_key, factor, 0.0, 1e6);
}

// What each frequency is divided by besides, as llama3's scaling has it; empty without.
std::vector<float> ConfigReader::frequency_factors() const {
    const StoredTensor* stored = checkpoint_.find(Role::rope_factors);
    if (stored == nullptr) return {};
    const std::string field = fmt::format("tensor '{}'", stored->name);
    const StoredTensor& tensor =
        tensor_of_shape(checkpoint_, stored->name, {config_.rotary_dim / 2});
    const auto bytes = static_cast<std::size_t>(config_.rotary_dim / 2) * sizeof(float);
    if (tensor.type != DType::f32 || tensor.data.size() != bytes)
        refuse(checkpoint_, field,
               fmt::format("{} B as {}", tensor.data.size(), info(tensor.type).name),
               fmt::format("{} B as F32", bytes));
    std::vector<float> factors(static_cast<std::size_t>(config_.rotary_dim / 2));
    std::memcpy(factors.data(), tensor.data.data(), bytes);
    for (std::size_t i = 0; i < factors.size(); ++i)
        real_within(checkpoint_, fmt::format("{}[{}]", field, i), static_cast<double>(factors[i]),
                    0.0, 1e6);
    return factors;
}

void ConfigReader::read_rope() {
    const std::string theta = key(Parameter::rope_theta);
    config_.rope_theta = real(Parameter::rope_theta, checkpoint_.real_or(theta, 10000.0));
    note_default(theta, "10000");
    const double linear = linear_factor();
    const std::vector<float> factors = frequency_factors();
    for (std::int64_t i = 0; i < config_.rotary_dim; i += 2) {
        double frequency = std::pow(
            config_.rope_theta, -static_cast<double>(i) / static_cast<double>(config_.rotary_dim));
        if (!factors.empty())
            frequency /= static_cast<double>(factors[static_cast<std::size_t>(i / 2)]);
        config_.rope_frequencies.push_back(static_cast<float>(frequency / linear));
    }
}

void ConfigReader::read_vocabulary() {
    const std::string name = family_.row(Role::token_embd)->gguf_name(-1);
    const std::string field = fmt::format("tensor '{}'", name);
    const StoredTensor* embedding = checkpoint_.find(Role::token_embd);
    if (embedding == nullptr)
        refuse(checkpoint_, field, "no such tensor", "shape [vocabulary, embedding]");
    if (embedding->shape.size() != 2)
        refuse(checkpoint_, field, "shape " + shape_text(embedding->shape),
               "[vocabulary, embedding]");
    config_.n_vocab = embedding->shape[0];
    if (config_.n_vocab < 1 || config_.n_vocab > high(Parameter::vocabulary))
        refuse(checkpoint_, field, fmt::format("{} rows", config_.n_vocab),
               fmt::format("1 to {}", high(Parameter::vocabulary)));
    const std::int64_t stated = size_or(Parameter::vocabulary, config_.n_vocab);
    if (stated != config_.n_vocab)
        refuse(checkpoint_, key(Parameter::vocabulary), std::to_string(stated),
               fmt::format("{}, the rows of '{}'", config_.n_vocab, name));
    const std::vector<std::string>* tokens = checkpoint_.texts("tokenizer.ggml.tokens");
    if (tokens != nullptr && static_cast<std::int64_t>(tokens->size()) != config_.n_vocab)
        refuse(checkpoint_, "tokenizer.ggml.tokens", fmt::format("{} tokens", tokens->size()),
               fmt::format("{}, the rows of '{}'", config_.n_vocab, name));
}

ModelConfig ConfigReader::read() {
    config_.family = &family_;
    config_.notes = check_keys(checkpoint_, family_);
    config_.n_layers = size(Parameter::layers);
    config_.n_embd = size(Parameter::width);
    config_.n_ff = size_of_layers(Parameter::feed_forward);
    config_.context_length = size(Parameter::context);
    read_heads();
    read_vocabulary();
    read_rope();
    config_.norm_eps = static_cast<float>(
        real(Parameter::norm_epsilon, checkpoint_.real(key(Parameter::norm_epsilon))));
    config_.tied_embeddings = checkpoint_.find(Role::output) == nullptr;
    return std::move(config_);
}

// Shapes against the hyper-parameters; nothing missing, nothing that the graph would not use (a
// bias, say): its results would be wrong.
void check_tensors(const Checkpoint& checkpoint, const ModelConfig& config) {
    std::map<std::pair<std::int32_t, Role>, const StoredTensor*> placed;
    for (const StoredTensor& tensor : checkpoint.tensors)
        placed.try_emplace({tensor.place.layer, tensor.place.role}, &tensor);
    std::set<const StoredTensor*> used;
    for_each_tensor(*config.family, config, [&](const TensorRow& row, std::int64_t layer) {
        const auto found = placed.find({static_cast<std::int32_t>(layer), row.role});
        if (found == placed.end() && !is_expected(row, config)) return;
        const StoredTensor& tensor =
            tensor_of_shape(checkpoint, row.gguf_name(layer), row.shape(config));
        if (row.is_vector() && !info(tensor.type).floating)
            refuse(checkpoint, "tensor '" + tensor.name + "'", std::string(info(tensor.type).name),
                   "F32, F16 or BF16");
        used.insert(&tensor);
    });
    for (const StoredTensor& tensor : checkpoint.tensors) {
        if (!used.contains(&tensor))
            refuse(checkpoint, "tensor '" + shortened(tensor.name) + "'",
                   "a tensor that is not used",
                   fmt::format("only those of a {} model with {} layers", config.family->name,
                               config.n_layers),
                   Fault::unsupported);
    }
}

}  // namespace

ModelConfig read_config(const Checkpoint& checkpoint) {
    ModelConfig config = ConfigReader(checkpoint, checkpoint.supported_family()).read();
    check_tensors(checkpoint, config);
    return config;
}

}  // namespace hone
