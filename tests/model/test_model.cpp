// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <utility>

#include "engine/core/error.h"
#include "engine/formats/synthetic.h"
#include "engine/model/model.h"

namespace hone {
namespace {

using ::testing::HasSubstr;

const SyntheticShape& tiny_shape() {
    for (const SyntheticShape& shape : synthetic_shapes()) {
        if (shape.name == "tiny") return shape;
    }
    throw Error("there is no tiny shape");
}

StoredTensor& tensor(Checkpoint& checkpoint, std::string_view name) {
    for (StoredTensor& candidate : checkpoint.tensors) {
        if (candidate.name == name) return candidate;
    }
    throw Error("no tensor " + std::string(name));
}

TEST(Model, ReadsTheConfigurationOfAShapeWithoutItsWeights) {
    const SyntheticShape& shape = tiny_shape();
    const ModelConfig config = read_config(make_synthetic("tiny", false));
    EXPECT_EQ(config.family->name, "llama");
    EXPECT_EQ(config.n_layers, shape.n_layers);
    EXPECT_EQ(config.n_embd, shape.n_embd);
    EXPECT_EQ(config.n_heads, shape.n_heads);
    EXPECT_EQ(config.n_kv_heads, shape.n_kv_heads);
    EXPECT_EQ(config.head_dim, shape.head_dim);
    EXPECT_EQ(config.rotary_dim, shape.head_dim);
    EXPECT_EQ(config.n_ff, shape.n_ff);
    EXPECT_EQ(config.n_vocab, shape.n_vocab);
    EXPECT_EQ(config.context_length, shape.context_length);
    EXPECT_EQ(config.tied_embeddings, shape.tied_embeddings);
    EXPECT_NEAR(config.rope_theta, shape.rope_theta, shape.rope_theta * 1e-6);
}

TEST(Model, EveryShapeHasAReadableConfiguration) {
    for (const SyntheticShape& shape : synthetic_shapes()) {
        SCOPED_TRACE(shape.name);
        EXPECT_EQ(read_config(make_synthetic(shape.name, false)).n_layers, shape.n_layers);
    }
}

TEST(Model, PointsItsWeightsIntoItsCheckpoint) {
    const std::unique_ptr<Model> model = load_model(make_synthetic("tiny", true));
    const ModelConfig& config = model->config;
    ASSERT_EQ(std::ssize(model->layers), config.n_layers);
    const LayerWeights& last = model->layers.back();
    const std::string block = "blk." + std::to_string(config.n_layers - 1) + ".";
    EXPECT_EQ(last[Role::attn_norm], model->checkpoint.find(block + "attn_norm.weight"));
    EXPECT_EQ(last[Role::ffn_down], model->checkpoint.find(block + "ffn_down.weight"));
    EXPECT_EQ(last[Role::attn_k]->shape,
              (std::vector{config.n_kv_heads * config.head_dim, config.n_embd}));
    EXPECT_EQ(model->output == model->token_embd, config.tied_embeddings);
    EXPECT_EQ(model->tokenizer.size(), config.n_vocab);
}

TEST(Model, ADefaultFollowsWhereAKeyIsAbsent) {
    Checkpoint checkpoint = make_synthetic("tiny", false);
    checkpoint.metadata.erase("llama.rope.dimension_count");
    checkpoint.metadata.erase("llama.rope.freq_base");
    const ModelConfig config = read_config(checkpoint);
    EXPECT_EQ(config.rotary_dim, config.head_dim);
    EXPECT_EQ(config.rope_theta, 10000.0);
}

struct BadCheckpoint {
    const char* name;
    std::function<void(Checkpoint&)> spoil;
    const char* field;  // part of the error's field
    const char* found;  // part of what it says was there
};

void PrintTo(const BadCheckpoint& bad, std::ostream* out) {
    *out << bad.name;
}

std::string test_name(const ::testing::TestParamInfo<BadCheckpoint>& test) {
    return test.param.name;
}

class BadModel : public ::testing::TestWithParam<BadCheckpoint> {};

TEST_P(BadModel, IsRefusedByName) {
    Checkpoint checkpoint = make_synthetic("tiny", true);
    GetParam().spoil(checkpoint);
    const std::string source = checkpoint.source;
    try {
        load_model(std::move(checkpoint));
        FAIL() << "loaded";
    } catch (const Error& error) {
        EXPECT_EQ(error.details().file, source) << error.what();
        EXPECT_THAT(error.details().field, HasSubstr(GetParam().field)) << error.what();
        EXPECT_THAT(error.details().found, HasSubstr(GetParam().found)) << error.what();
        EXPECT_FALSE(error.details().expected.empty()) << error.what();
    }
}

template <typename T>
std::function<void(Checkpoint&)> set(const char* key, T value) {
    return [=](Checkpoint& checkpoint) { checkpoint.metadata[key] = MetadataValue(value); };
}

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

INSTANTIATE_TEST_SUITE_P(
    Keys, BadModel,
    ::testing::Values(
        BadCheckpoint{"architecture", set("general.architecture", std::string("mamba")),
                      "general.architecture", "mamba"},
        BadCheckpoint{"no_layers", set("llama.block_count", std::uint32_t{0}), "llama.block_count",
                      "0"},
        BadCheckpoint{"too_many_layers", set("llama.block_count", std::uint32_t{1U << 31U}),
                      "llama.block_count", "21474"},
        BadCheckpoint{"layer_missing", set("llama.block_count", std::uint32_t{100}), "blk.",
                      "no such tensor"},
        BadCheckpoint{"no_heads", set("llama.attention.head_count", std::uint32_t{0}), "head_count",
                      "0"},
        BadCheckpoint{"kv_heads", set("llama.attention.head_count_kv", std::uint32_t{3}),
                      "head_count_kv", "3"},
        BadCheckpoint{"rotary_odd", set("llama.rope.dimension_count", std::uint32_t{3}),
                      "dimension_count", "3"},
        BadCheckpoint{"rotary_wide", set("llama.rope.dimension_count", std::uint32_t{4096}),
                      "dimension_count", "4096"},
        BadCheckpoint{"theta_nan", set("llama.rope.freq_base", kNan), "freq_base", "nan"},
        BadCheckpoint{"theta_zero", set("llama.rope.freq_base", 0.0F), "freq_base", "0"},
        BadCheckpoint{"eps_zero", set("llama.attention.layer_norm_rms_epsilon", 0.0F), "epsilon",
                      "0"},
        BadCheckpoint{"eps_negative", set("llama.attention.layer_norm_rms_epsilon", -1e-5F),
                      "epsilon", "-1e-05"},
        BadCheckpoint{"context", set("llama.context_length", std::uint32_t{0}), "context_length",
                      "0"},
        BadCheckpoint{"vocabulary", set("llama.vocab_size", std::uint32_t{7}), "vocab_size", "7"},
        BadCheckpoint{"width", set("llama.embedding_length", std::uint64_t{1} << 40U),
                      "embedding_length", "1099511627776"},
        BadCheckpoint{"value_length", set("llama.attention.value_length", std::uint32_t{8}),
                      "value_length", "8"},
        BadCheckpoint{"rope_scaling", set("llama.rope.scaling.type", std::string("yarn")),
                      "rope.scaling.type", "yarn"},
        BadCheckpoint{"rope_factor", set("llama.rope.scaling.factor", -4.0F), "rope.scaling.factor",
                      "-4"},
        BadCheckpoint{"rope_factor_nan", set("llama.rope.scale_linear", kNan), "rope.scale_linear",
                      "nan"},
        BadCheckpoint{"experts", set("llama.expert_count", std::uint32_t{8}), "expert_count", "8"},
        BadCheckpoint{"window", set("llama.attention.sliding_window", std::uint32_t{128}),
                      "sliding_window", "128"}),
    test_name);

void transpose(Checkpoint& checkpoint) {
    std::vector<std::int64_t>& shape = tensor(checkpoint, "blk.0.ffn_up.weight").shape;
    std::swap(shape[0], shape[1]);
}

void shorten(Checkpoint& checkpoint) {
    StoredTensor& matrix = tensor(checkpoint, "blk.0.attn_q.weight");
    matrix.data = matrix.data.first(matrix.data.size() - 1);
}

std::function<void(Checkpoint&)> add_tensor(const char* name) {
    return [=](Checkpoint& checkpoint) {
        StoredTensor added = tensor(checkpoint, "blk.0.attn_norm.weight");
        added.name = name;
        checkpoint.tensors.push_back(std::move(added));
        checkpoint.place_tensors();
    };
}

std::function<void(Checkpoint&)> drop_tensor(const char* name) {
    return [=](Checkpoint& checkpoint) {
        std::erase_if(checkpoint.tensors, [&](const StoredTensor& t) { return t.name == name; });
    };
}

void add_factors(Checkpoint& checkpoint, std::vector<float> values, DType type = DType::f32) {
    const auto held = std::make_shared<std::vector<float>>(std::move(values));
    StoredTensor added;
    added.name = "rope_freqs.weight";
    added.type = type;
    added.shape = {std::ssize(*held)};
    added.data = std::as_bytes(std::span(*held));
    added.owner = held;
    checkpoint.tensors.push_back(std::move(added));
    checkpoint.place_tensors();
}

TEST(Model, LinearScalingSlowsEveryFrequency) {
    const ModelConfig plain = read_config(make_synthetic("tiny", false));
    ASSERT_EQ(std::ssize(plain.rope_frequencies), plain.rotary_dim / 2);
    for (const char* key : {"llama.rope.scaling.factor", "llama.rope.scale_linear"}) {
        Checkpoint checkpoint = make_synthetic("tiny", false);
        checkpoint.metadata[key] = 4.0F;
        const ModelConfig scaled = read_config(checkpoint);
        for (std::size_t i = 0; i < plain.rope_frequencies.size(); ++i)
            EXPECT_EQ(scaled.rope_frequencies[i], plain.rope_frequencies[i] / 4);
    }
}

TEST(Model, FrequencyFactorsSlowTheirOwnFrequencies) {
    const ModelConfig plain = read_config(make_synthetic("tiny", true));
    Checkpoint checkpoint = make_synthetic("tiny", true);
    add_factors(checkpoint, {1, 1, 1, 2, 4, 8, 8, 8});
    const auto model = load_model(std::move(checkpoint));
    const std::vector<float>& scaled = model->config.rope_frequencies;
    EXPECT_EQ(scaled[0], plain.rope_frequencies[0]);
    EXPECT_EQ(scaled[4], plain.rope_frequencies[4] / 4);
    EXPECT_EQ(scaled[7], plain.rope_frequencies[7] / 8);
}

INSTANTIATE_TEST_SUITE_P(
    Tensors, BadModel,
    ::testing::Values(
        BadCheckpoint{"embedding", drop_tensor("token_embd.weight"), "token_embd.weight",
                      "no such tensor"},
        BadCheckpoint{"norm", drop_tensor("output_norm.weight"), "output_norm.weight",
                      "no such tensor"},
        BadCheckpoint{"matrix", drop_tensor("blk.0.ffn_up.weight"), "blk.0.ffn_up.weight",
                      "no such tensor"},
        BadCheckpoint{"transposed", transpose, "blk.0.ffn_up.weight", "shape ["},
        BadCheckpoint{"dimensions",
                      [](Checkpoint& c) { tensor(c, "token_embd.weight").shape.push_back(1); },
                      "token_embd.weight", "shape ["},
        BadCheckpoint{"short_data", shorten, "blk.0.attn_q.weight", "bytes"},
        BadCheckpoint{"quantised_norm",
                      [](Checkpoint& c) { tensor(c, "blk.0.attn_norm.weight").type = DType::q8_0; },
                      "blk.0.attn_norm.weight", "Q8_0"},
        BadCheckpoint{"bias", add_tensor("blk.0.attn_q.bias"), "blk.0.attn_q.bias", "not used"},
        BadCheckpoint{"rope_frequencies_shape", add_tensor("rope_freqs.weight"),
                      "rope_freqs.weight", "shape [64]"},
        BadCheckpoint{"rope_frequencies_type",
                      [](Checkpoint& c) {
                          add_factors(c, {1, 1, 1, 1, 1, 1, 1, 1}, DType::f16);
                      },
                      "rope_freqs.weight", "F16"},
        BadCheckpoint{"rope_frequencies_zero",
                      [](Checkpoint& c) {
                          add_factors(c, {1, 1, 1, 0, 1, 1, 1, 1});
                      },
                      "rope_freqs.weight'[3]", "0"}),
    test_name);

}  // namespace
}  // namespace hone
