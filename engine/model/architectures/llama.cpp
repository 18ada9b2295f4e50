// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <set>
#include <string>

#include "engine/core/error.h"
#include "engine/model/architectures/architecture.h"
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

void refuse_what_changes_the_graph(const Checkpoint& checkpoint) {
    if (const auto experts = checkpoint.integer_or("llama.expert_count", 0); experts != 0)
        refuse(checkpoint, "llama.expert_count", std::to_string(experts),
               "0: mixtures of experts are not supported");
    if (const auto window = checkpoint.integer_or("llama.attention.sliding_window", 0); window != 0)
        refuse(checkpoint, "llama.attention.sliding_window", std::to_string(window),
               "none: models trained with a sliding window are not supported");
}

void read_heads(const Checkpoint& checkpoint, ModelConfig& config) {
    config.n_heads = integer_within(checkpoint, "llama.attention.head_count", 1, kMaxHeads);
    config.n_kv_heads =
        integer_within_or(checkpoint, "llama.attention.head_count_kv", config.n_heads, 1, kMaxHeads);
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

// What linear scaling divides every frequency by (arXiv 2306.15595); 1 where there is none.
double linear_factor(const Checkpoint& checkpoint) {
    const std::string type = checkpoint.text_or("llama.rope.scaling.type", "");
    if (!type.empty() && type != "none" && type != "linear")
        refuse(checkpoint, "llama.rope.scaling.type", "'" + type + "'",
               "none or linear (llama3 comes as the tensor 'rope_freqs.weight')");
    for (const char* key : {"llama.rope.scaling.factor", "llama.rope.scale_linear"}) {
        const double factor = checkpoint.real_or(key, 1.0);
        if (factor == 1.0 || factor == 0.0) continue;
        if (type == "none")
            refuse(checkpoint, key, fmt::format("{}", factor), "1, where llama.rope.scaling.type is none");
        return real_within(checkpoint, key, factor, 0.0, 1e6);
    }
    return 1.0;
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
    const double linear = linear_factor(checkpoint);
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
    refuse_what_changes_the_graph(checkpoint);
    ModelConfig config;
    config.architecture = "llama";
    config.n_layers = integer_within(checkpoint, "llama.block_count", 1, kMaxLayers);
    config.n_embd = integer_within(checkpoint, "llama.embedding_length", 2, kMaxWidth);
    config.n_ff = integer_within(checkpoint, "llama.feed_forward_length", 1, kMaxWidth);
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
            refuse(checkpoint, "tensor '" + tensor.name + "'", "a tensor that is not used",
                   fmt::format("only those of a llama model with {} layers", config.n_layers));
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
