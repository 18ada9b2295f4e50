// SPDX-License-Identifier: Apache-2.0
// What every technique that reads weights does with such as are not finite, or beyond what it
// stores them as: the whole registry.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>

#include "engine/core/error.h"
#include "engine/experiment/worker/apply_recipe.h"
#include "engine/runtime/layer_walk.h"
#include "engine/techniques/apply/calibration.h"
#include "engine/weights/weight_format.h"
#include "tests/runtime/sample_model.h"
#include "tests/techniques/technique_test.h"

namespace hone {
namespace {

constexpr const char* kMatrix = "blk.1.ffn_up.weight";
constexpr std::int64_t kRow = 3;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

// The tiny model with `value` in one row of `name`.
Checkpoint spoilt(float value, const std::string& name = kMatrix) {
    Checkpoint checkpoint = tiny_checkpoint();
    for (StoredTensor& tensor : checkpoint.tensors) {
        if (tensor.name != name) continue;
        auto values = std::make_shared<std::vector<float>>(expand_tensor(tensor));
        const std::int64_t row = tensor.rows() > kRow ? kRow : 0;
        (*values)[static_cast<std::size_t>(row * tensor.cols() + 5)] = value;
        tensor.type = DType::f32;
        tensor.data = std::as_bytes(std::span(*values));
        tensor.owner = values;
    }
    return checkpoint;
}

// The tiny model in `type` with `bits` as the scale of one row's first block.
Checkpoint with_scale(DType type, std::uint16_t bits) {
    Checkpoint checkpoint = with_matrices(tiny_checkpoint(), type);
    for (const StoredTensor& tensor : checkpoint.tensors) {
        if (tensor.name == kMatrix)
            std::memcpy(const_cast<std::byte*>(tensor.row(kRow)), &bits, sizeof bits);
    }
    return checkpoint;
}

bool rewrites_weights(const RecipeStep& step) {
    return dynamic_cast<const WeightTechnique*>(technique_of(step).get()) != nullptr;
}

// Nothing where it was done; then every weight is finite.
std::optional<ErrorDetails> refusal(const RecipeStep& step, Checkpoint checkpoint) {
    Machine machine;
    try {
        apply_recipe(checkpoint, validated({{step}}, builtin_registry()), 3, machine.context(), {});
    } catch (const Error& error) {
        return error.details();
    }
    for (const StoredTensor& tensor : checkpoint.tensors) {
        for (const float weight : expand_tensor(tensor)) {
            if (!std::isfinite(weight)) {
                ADD_FAILURE() << tensor.name << " holds " << weight;
                break;
            }
        }
    }
    return std::nullopt;
}

// Each variant of each technique that reads weights and can act on `checkpoint`.
std::vector<RecipeStep> acting_on(const Checkpoint& checkpoint) {
    std::vector<RecipeStep> steps;
    for (const RecipeStep& variant : all_variants()) {
        const RecipeStep step = sharpened(variant);
        if (rewrites_weights(step) &&
            technique_of(step)->supports({checkpoint, read_config(checkpoint), 3, CpuPlace()}).ok)
            steps.push_back(step);
    }
    EXPECT_GE(steps.size(), 8U);
    return steps;
}

TEST(EveryTechnique, RefusesWeightsThatAreNotFiniteByTensorAndRow) {
    for (const float value : {std::nanf(""), kInfinity, -kInfinity}) {
        const Checkpoint checkpoint = spoilt(value);
        for (const RecipeStep& step : acting_on(checkpoint)) {
            SCOPED_TRACE(step.technique + " " + step.options.dump());
            const auto refused = refusal(step, checkpoint);
            ASSERT_TRUE(refused);
            EXPECT_EQ(refused->field, "tensor 'blk.1.ffn_up.weight', row 3");
            EXPECT_EQ(refused->file, checkpoint.source);
            EXPECT_NE(refused->found.find(std::isnan(value) ? "a NaN" : "an infinity"),
                      std::string::npos);
        }
    }
}

TEST(EveryTechnique, RefusesBlocksWhoseScaleIsNotFinite) {
    for (const DType type : {DType::q8_0, DType::q4_0, DType::q4_1}) {
        for (const std::uint16_t bits : std::array<std::uint16_t, 3>{0x7C00, 0xFC00, 0x7E00}) {
            const Checkpoint checkpoint = with_scale(type, bits);
            for (const RecipeStep& step : acting_on(checkpoint)) {
                SCOPED_TRACE(std::string(info(type).name) + ": " + step.technique + " " +
                             step.options.dump());
                const auto refused = refusal(step, checkpoint);
                ASSERT_TRUE(refused);
                EXPECT_EQ(refused->field, "tensor 'blk.1.ffn_up.weight', row 3");
            }
        }
    }
}

TEST(EveryTechnique, KeepsAHugeWeightFiniteOrRefusesIt) {
    for (const float value : {1e5F, 3e38F}) {
        const Checkpoint checkpoint = spoilt(value);
        for (const RecipeStep& step : acting_on(checkpoint)) {
            SCOPED_TRACE(step.technique + " " + step.options.dump());
            const auto refused = refusal(step, checkpoint);
            if (!refused) continue;
            EXPECT_FALSE(refused->found.empty());
            EXPECT_FALSE(refused->expected.empty());
        }
    }
}

TEST(EveryTechnique, ThatCalibratesLooksAtVectorsAndAtRowsThatNoTextUses) {
    for (const char* name : {"blk.0.attn_norm.weight", "output_norm.weight", "token_embd.weight"}) {
        const Checkpoint checkpoint = spoilt(std::nanf(""), name);
        for (const RecipeStep& step : acting_on(checkpoint)) {
            if (technique_of(step)->calibration_tokens() == 0) continue;
            SCOPED_TRACE(step.technique + std::string(" ") + name);
            const auto refused = refusal(step, checkpoint);
            ASSERT_TRUE(refused);
            EXPECT_NE(refused->field.find(name), std::string::npos) << refused->field;
        }
    }
}

TEST(LayerWalk, RefusesActivationsThatAreNotFinite) {
    // Finite weights whose products are not: a cosine with NaN would count as 1, and the layer as
    // of no influence.
    const std::unique_ptr<Model> model = load_model(spoilt(3e38F, "blk.0.ffn_down.weight"));
    kernels::ThreadPool pool(2);
    LayerWalk walk(*model, pool, calibration_text(*model, 64));
    try {
        walk.input_squares({});
        walk.advance({});
        walk.input_squares({});
        walk.advance({});
        FAIL() << "no layer's output overflowed";
    } catch (const Error& error) {
        EXPECT_NE(error.details().field.find("layer "), std::string::npos) << error.details().field;
        EXPECT_NE(error.details().summary.find("not finite"), std::string::npos);
    }
}

TEST(QuantizeWeights, SaysHowManyBlocksVanished) {
    Checkpoint checkpoint = tiny_checkpoint();
    for (StoredTensor& tensor : checkpoint.tensors) {
        if (tensor.name != kMatrix) continue;
        auto values = std::make_shared<std::vector<float>>(expand_tensor(tensor));
        std::fill_n(values->begin(), tensor.cols(), 1e-9F);
        tensor.data = std::as_bytes(std::span(*values));
        tensor.owner = values;
    }
    const auto notes = transform(checkpoint, "quantize_weights", {{"scheme", "int8_channel"}});
    ASSERT_EQ(notes.size(), 1U);
    EXPECT_EQ(notes[0].find("1 blocks hold weights too small"), 0U) << notes[0];
}

}  // namespace
}  // namespace hone
