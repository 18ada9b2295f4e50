// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <set>
#include <string>

#include "engine/core/error.h"
#include "engine/formats/file_kind.h"
#include "engine/model/architectures/architecture.h"
#include "engine/model/architectures/llama_keys.h"
#include "engine/model/hyper_parameters.h"

namespace hone {
namespace {

// Bounds of what is plausible, so that products of them stay far below 2^63.
constexpr std::int64_t kMaxLayers = 4096;
constexpr std::int64_t kMaxWidth = std::int64_t{1} << 20;
constexpr std::int64_t kMaxHeads = 1 << 14;
constexpr std::int64_t kMaxHeadDim = 1 << 12;
constexpr std::int64_t kMaxVocabulary = std::int64_t{1} << 24;
constexpr std::int64_t kMaxContext = std::int64_t{1} << 24;

constexpr const char* kRopeFactors = "rope_freqs.weight";

// Hyper-parameters -------------------------------------------------------------------------------------------------

void note_default(ModelConfig& config, const Checkpoint& checkpoint, const char* key,
                  const std::string& value) {
    if (checkpoint.metadata_find(key) != nullptr) return;
    config.notes.push_back(
        fmt::format("the file does not say {}: {}, llama.cpp's default, is used", key, value));
}

// One number, or one a layer where they are all the same.
std::int64_t size_of_layers(const Checkpoint& checkpoint, const ModelConfig& config, const char* key,
                            std::int64_t low, std::int64_t high) {
    const auto value = checkpoint.same_in_every_layer(key, config.n_layers);
    return value ? within(checkpoint, key, *value, low, high) : integer_within(checkpoint, key, low, high);
}

void read_heads(const Checkpoint& checkpoint, ModelConfig& config) {
    constexpr const char* kKvHeads = "llama.attention.head_count_kv";
    config.n_heads = size_of_layers(checkpoint, config, "llama.attention.head_count", 1, kMaxHeads);
    config.n_kv_heads = checkpoint.metadata_find(kKvHeads) == nullptr
                            ? config.n_heads
                            : size_of_layers(checkpoint, config, kKvHeads, 1, kMaxHeads);
    note_default(config, checkpoint, kKvHeads,
                 fmt::format("{}, as many as llama.attention.head_count", config.n_heads));
    if (config.n_heads % config.n_kv_heads != 0)
        refuse(checkpoint, "llama.attention.head_count_kv", std::to_string(config.n_kv_heads),
               fmt::format("a divisor of the {} query heads", config.n_heads));
    const bool explicit_width = checkpoint.metadata_find("llama.attention.key_length") != nullptr;
    if (!explicit_width && config.n_embd % config.n_heads != 0)
        refuse(checkpoint, "llama.attention.head_count",
               fmt::format("{} heads for an embedding of {}", config.n_heads, config.n_embd),
               "a divisor of it, or llama.attention.key_length");
    config.head_dim = explicit_width
                          ? integer_within(checkpoint, "llama.attention.key_length", 2, kMaxHeadDim)
                          : config.n_embd / config.n_heads;
    const std::int64_t value_length =
        integer_within_or(checkpoint, "llama.attention.value_length", config.head_dim, 1, kMaxHeadDim);
    if (value_length != config.head_dim)
        refuse(checkpoint, "llama.attention.value_length", std::to_string(value_length),
               fmt::format("{}, as the keys have", config.head_dim));
    config.rotary_dim =
        integer_within_or(checkpoint, "llama.rope.dimension_count", config.head_dim, 2, config.head_dim);
    if (config.rotary_dim % 2 != 0)
        refuse(checkpoint, "llama.rope.dimension_count", std::to_string(config.rotary_dim), "an even number");
}

// What linear scaling divides every frequency by (arXiv 2306.15595); 1 where there is none. As llama.cpp reads it: the type is linear
// where none is said, the older key counts where the newer is absent, and 0 is no scaling.
double linear_factor(const Checkpoint& checkpoint, ModelConfig& config) {
    constexpr const char* kType = "llama.rope.scaling.type";
    const std::string type = checkpoint.text_or(kType, "linear");
    if (type != "none" && type != "linear")
        refuse(checkpoint, kType, "'" + type + "'",
               "none or linear (llama3 comes as the tensor 'rope_freqs.weight')", Fault::unsupported);
    const char* key = "llama.rope.scaling.factor";
    if (checkpoint.metadata_find(key) == nullptr) key = "llama.rope.scale_linear";
    const double factor = checkpoint.real_or(key, 0.0);
    if (factor == 0.0) return 1.0;
    if (type == "none") {
        if (factor != 1.0)
            config.notes.push_back(fmt::format("{} is {} and is not used, since {} is none, as in llama.cpp",
                                               key, factor, kType));
        return 1.0;
    }
    if (factor != 1.0) note_default(config, checkpoint, kType, "linear");
    return real_within(checkpoint, key, factor, 0.0, 1e6);
}

// What each frequency is divided by besides: rope_freqs.weight, as llama3's scaling has it; empty without.
std::vector<float> frequency_factors(const Checkpoint& checkpoint, std::int64_t count) {
    const StoredTensor* stored = checkpoint.find(kRopeFactors);
    if (stored == nullptr) return {};
    const std::string field = fmt::format("tensor '{}'", kRopeFactors);
    const StoredTensor& tensor = tensor_of_shape(checkpoint, kRopeFactors, {count});
    const auto bytes = static_cast<std::size_t>(count) * sizeof(float);
    if (tensor.type != DType::f32 || tensor.data.size() != bytes)
        refuse(checkpoint, field, fmt::format("{} B as {}", tensor.data.size(), info(tensor.type).name),
               fmt::format("{} B as F32", bytes));
    std::vector<float> factors(static_cast<std::size_t>(count));
    std::memcpy(factors.data(), tensor.data.data(), bytes);
    for (std::size_t i = 0; i < factors.size(); ++i)
        real_within(checkpoint, fmt::format("{}[{}]", field, i), static_cast<double>(factors[i]), 0.0, 1e6);
    return factors;
}

void read_rope(const Checkpoint& checkpoint, ModelConfig& config) {
    config.rope_theta = real_within(checkpoint, "llama.rope.freq_base",
                                    checkpoint.real_or("llama.rope.freq_base", 10000.0), 0.0, 1e12);
    note_default(config, checkpoint, "llama.rope.freq_base", "10000");
    const double linear = linear_factor(checkpoint, config);
    const std::vector<float> factors = frequency_factors(checkpoint, config.rotary_dim / 2);
    for (std::int64_t i = 0; i < config.rotary_dim; i += 2) {
        double frequency =
            std::pow(config.rope_theta, -static_cast<double>(i) / static_cast<double>(config.rotary_dim));
        if (!factors.empty()) frequency /= static_cast<double>(factors[static_cast<std::size_t>(i / 2)]);
        config.rope_frequencies.push_back(static_cast<float>(frequency / linear));
    }
}

void read_vocabulary(const Checkpoint& checkpoint, ModelConfig& config) {
    const StoredTensor* embedding = checkpoint.find("token_embd.weight");
    if (embedding == nullptr)
        refuse(checkpoint, "tensor 'token_embd.weight'", "no such tensor", "shape [vocabulary, embedding]");
    if (embedding->shape.size() != 2)
        refuse(checkpoint, "tensor 'token_embd.weight'", "shape " + shape_text(embedding->shape),
               "[vocabulary, embedding]");
    config.n_vocab = embedding->shape[0];
    if (config.n_vocab < 1 || config.n_vocab > kMaxVocabulary)
        refuse(checkpoint, "tensor 'token_embd.weight'", fmt::format("{} rows", config.n_vocab),
               fmt::format("1 to {}", kMaxVocabulary));
    const std::int64_t stated =
        integer_within_or(checkpoint, "llama.vocab_size", config.n_vocab, 1, kMaxVocabulary);
    if (stated != config.n_vocab)
        refuse(checkpoint, "llama.vocab_size", std::to_string(stated),
               fmt::format("{}, the rows of 'token_embd.weight'", config.n_vocab));
    const std::vector<std::string>* tokens = checkpoint.texts("tokenizer.ggml.tokens");
    if (tokens != nullptr && static_cast<std::int64_t>(tokens->size()) != config.n_vocab)
        refuse(checkpoint, "tokenizer.ggml.tokens", fmt::format("{} tokens", tokens->size()),
               fmt::format("{}, the rows of 'token_embd.weight'", config.n_vocab));
}

ModelConfig llama_config(const Checkpoint& checkpoint) {
    ModelConfig config;
    config.architecture = "llama";
    config.notes = check_llama_keys(checkpoint);
    config.n_layers = integer_within(checkpoint, "llama.block_count", 1, kMaxLayers);
    config.n_embd = integer_within(checkpoint, "llama.embedding_length", 2, kMaxWidth);
    config.n_ff = size_of_layers(checkpoint, config, "llama.feed_forward_length", 1, kMaxWidth);
    config.context_length = integer_within(checkpoint, "llama.context_length", 1, kMaxContext);
    read_heads(checkpoint, config);
    read_vocabulary(checkpoint, config);
    read_rope(checkpoint, config);
    constexpr const char* kEpsilon = "llama.attention.layer_norm_rms_epsilon";
    config.norm_eps =
        static_cast<float>(real_within(checkpoint, kEpsilon, checkpoint.real(kEpsilon), 0.0, 1.0));
    config.tied_embeddings = checkpoint.find("output.weight") == nullptr;
    return config;
}

// Tensors ----------------------------------------------------------------------------------------------------------

struct LayerTensor {
    const StoredTensor* LayerWeights::*member;
    const char* name;
    std::vector<std::int64_t> shape;
};

std::vector<LayerTensor> layer_tensors(const ModelConfig& c) {
    const std::int64_t q = c.n_heads * c.head_dim;
    const std::int64_t kv = c.n_kv_heads * c.head_dim;
    return {{&LayerWeights::attn_norm, "attn_norm", {c.n_embd}},
            {&LayerWeights::attn_q, "attn_q", {q, c.n_embd}},
            {&LayerWeights::attn_k, "attn_k", {kv, c.n_embd}},
            {&LayerWeights::attn_v, "attn_v", {kv, c.n_embd}},
            {&LayerWeights::attn_output, "attn_output", {c.n_embd, q}},
            {&LayerWeights::ffn_norm, "ffn_norm", {c.n_embd}},
            {&LayerWeights::ffn_gate, "ffn_gate", {c.n_ff, c.n_embd}},
            {&LayerWeights::ffn_up, "ffn_up", {c.n_ff, c.n_embd}},
            {&LayerWeights::ffn_down, "ffn_down", {c.n_embd, c.n_ff}}};
}

std::string layer_tensor_name(std::int64_t layer, const char* name) {
    return fmt::format("blk.{}.{}.weight", layer, name);
}

void llama_check_tensors(const Checkpoint& checkpoint, const ModelConfig& config) {
    std::set<std::string, std::less<>> used;
    const auto check = [&](const std::string& name, const std::vector<std::int64_t>& shape) {
        const StoredTensor& tensor = tensor_of_shape(checkpoint, name, shape);
        if (shape.size() == 1 && !info(tensor.type).floating)
            refuse(checkpoint, "tensor '" + name + "'", std::string(info(tensor.type).name),
                   "F32, F16 or BF16");
        used.insert(name);
    };
    check("token_embd.weight", {config.n_vocab, config.n_embd});
    check("output_norm.weight", {config.n_embd});
    if (checkpoint.find(kRopeFactors) != nullptr) check(kRopeFactors, {config.rotary_dim / 2});
    if (!config.tied_embeddings) check("output.weight", {config.n_vocab, config.n_embd});
    const std::vector<LayerTensor> of_layer = layer_tensors(config);
    for (std::int64_t layer = 0; layer < config.n_layers; ++layer) {
        for (const LayerTensor& tensor : of_layer) check(layer_tensor_name(layer, tensor.name), tensor.shape);
    }
    // A tensor that the graph would not use (a bias, say) means that its results would be wrong.
    for (const StoredTensor& tensor : checkpoint.tensors) {
        if (!used.contains(tensor.name))
            refuse(checkpoint, "tensor '" + shortened(tensor.name) + "'", "a tensor that is not used",
                   fmt::format("only those of a llama model with {} layers", config.n_layers),
                   Fault::unsupported);
    }
}

void llama_bind_weights(Model& model) {
    const Checkpoint& checkpoint = model.checkpoint;
    model.token_embd = checkpoint.find("token_embd.weight");
    model.output_norm = checkpoint.find("output_norm.weight");
    model.output = model.config.tied_embeddings ? model.token_embd : checkpoint.find("output.weight");
    const std::vector<LayerTensor> of_layer = layer_tensors(model.config);
    for (std::int64_t layer = 0; layer < model.config.n_layers; ++layer) {
        LayerWeights weights{};
        for (const LayerTensor& tensor : of_layer)
            weights.*tensor.member = checkpoint.find(layer_tensor_name(layer, tensor.name));
        model.layers.push_back(weights);
    }
}

}  // namespace

// The graph: engine/runtime/architectures/llama_forward.cpp.
const Architecture kLlamaArchitecture{"llama", llama_config, llama_check_tensors, llama_bind_weights};

}  // namespace hone
