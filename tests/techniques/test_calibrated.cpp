// SPDX-License-Identifier: Apache-2.0
// Techniques that look at activations.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <numeric>

#include "engine/core/error.h"
#include "engine/runtime/layer_walk.h"
#include "engine/runtime/runtime.h"
#include "engine/techniques/apply/calibration.h"
#include "engine/weights/weight_format.h"
#include "tests/runtime/sample_model.h"
#include "tests/techniques/technique_test.h"

namespace hone {
namespace {

constexpr std::int64_t kTokens = 300;

std::vector<float> values_of(const Checkpoint& checkpoint, const std::string& name) {
    return expand_tensor(*checkpoint.find(name));
}

// Σ over the calibration tokens of the squared inputs of the first layer's q, k and v: the normed
// embeddings.
std::vector<double> first_squares(const Model& model) {
    const std::vector<float> embedding = expand_tensor(*model.token_embd),
                             weight = expand_tensor(*model.layers[0][Role::attn_norm]);
    const auto n = static_cast<std::size_t>(model.config.n_embd);
    std::vector<double> sums(n);
    for (const std::vector<TokenId>& sequence : calibration_text(model, kTokens)) {
        for (const TokenId token : sequence) {
            const float* const x = embedding.data() + static_cast<std::size_t>(token) * n;
            double square = 0;
            for (std::size_t i = 0; i < n; ++i)
                square += static_cast<double>(x[i]) * static_cast<double>(x[i]);
            const double scale = 1 / std::sqrt(square / static_cast<double>(n) +
                                               static_cast<double>(model.config.norm_eps));
            for (std::size_t i = 0; i < n; ++i) {
                const double value =
                    static_cast<double>(x[i]) * scale * static_cast<double>(weight[i]);
                sums[i] += value * value;
            }
        }
    }
    return sums;
}

TEST(LayerWalk, SeesTheInputsOfTheFirstLayer) {
    const std::unique_ptr<Model> model = tiny_model();
    kernels::ThreadPool pool(2);
    LayerWalk walk(*model, pool, calibration_text(*model, kTokens));
    EXPECT_GE(walk.tokens(), kTokens);
    const LayerWalk::Squares squares = walk.input_squares({});
    const std::vector<double> expected = first_squares(*model);
    EXPECT_EQ(squares.size(), 7U);
    for (const StoredTensor* matrix :
         {model->layers[0][Role::attn_q], model->layers[0][Role::attn_v]}) {
        const std::vector<double>& found = squares.at(matrix);
        ASSERT_EQ(found.size(), expected.size());
        for (std::size_t i = 0; i < found.size(); ++i)
            EXPECT_NEAR(found[i], expected[i], 1e-4 * expected[i] + 1e-6);
    }
    EXPECT_EQ(walk.input_squares({}).at(model->layers[0][Role::ffn_down]),
              squares.at(model->layers[0][Role::ffn_down]))
        << "looking does not move on";
}

TEST(PruneWanda, KeepsWhatContributesMostInEveryRow) {
    Checkpoint checkpoint = tiny_checkpoint();
    const std::unique_ptr<Model> model = load_model(tiny_checkpoint());
    const std::vector<double> squares = first_squares(*model);
    const std::vector<float> before = values_of(checkpoint, "blk.0.attn_q.weight");
    const auto notes =
        transform(checkpoint, "prune_wanda", {{"sparsity", 0.25}, {"tokens", kTokens}});
    const std::vector<float> after = values_of(checkpoint, "blk.0.attn_q.weight");
    const std::size_t cols = squares.size(), gone = cols / 4;
    for (std::size_t row = 0; row < before.size() / cols; ++row) {
        std::vector<std::pair<double, std::size_t>> ranked;
        for (std::size_t i = 0; i < cols; ++i)
            ranked.emplace_back(
                std::abs(static_cast<double>(before[row * cols + i])) * std::sqrt(squares[i]), i);
        std::sort(ranked.begin(), ranked.end());
        // Scores that differ by less than fp32 resolves may change places.
        const double level = ranked[gone].first;
        std::size_t zeros = 0;
        for (const auto& [score, i] : ranked) {
            const float value = after[row * cols + i];
            if (value == 0.0F) ++zeros;
            if (score < level * (1 - 1e-4)) {
                EXPECT_EQ(value, 0.0F) << row << ' ' << i;
            }
            if (score > level * (1 + 1e-4)) {
                EXPECT_EQ(value, before[row * cols + i]) << row << ' ' << i;
            }
        }
        EXPECT_EQ(zeros, gone);
    }
    ASSERT_FALSE(notes.empty());
    EXPECT_NE(notes.back().find("14 matrices"), std::string::npos) << notes.back();
    EXPECT_EQ(values_of(checkpoint, "token_embd.weight"), expand_tensor(*model->token_embd))
        << "embeddings stay";
}

TEST(PruneWanda, JudgesALayerByWhatThePrunedLayersBeforeItPutOut) {
    Checkpoint pruned = tiny_checkpoint();
    transform(pruned, "prune_wanda", {{"sparsity", 0.5}, {"tokens", kTokens}});
    // Undo the second layer's pruning, walk through the pruned first one, and prune the second
    // again.
    Checkpoint half = pruned;
    const Checkpoint dense = tiny_checkpoint();
    for (std::size_t i = 0; i < half.tensors.size(); ++i) {
        if (half.tensors[i].name.starts_with("blk.1.")) half.tensors[i] = dense.tensors[i];
    }
    const std::unique_ptr<Model> model = load_model(std::move(half));
    kernels::ThreadPool pool(2);
    LayerWalk walk(*model, pool, calibration_text(*model, kTokens));
    walk.advance({});
    const LayerWalk::Squares squares = walk.input_squares({});
    const std::vector<double>& norms = squares.at(model->layers[1][Role::ffn_down]);
    const std::vector<float> before = values_of(dense, "blk.1.ffn_down.weight"),
                             after = values_of(pruned, "blk.1.ffn_down.weight");
    const std::size_t cols = norms.size();
    double least_kept = 1e300, most_gone = 0;
    for (std::size_t i = 0; i < cols; ++i) {  // of the first row
        const double score = std::abs(static_cast<double>(before[i])) * std::sqrt(norms[i]);
        if (after[i] == 0.0F)
            most_gone = std::max(most_gone, score);
        else
            least_kept = std::min(least_kept, score);
    }
    EXPECT_LE(most_gone, least_kept * (1 + 1e-4));
}

// A layer whose halves add nothing leaves the hidden state as it is.
Checkpoint with_idle_layer(std::int64_t layer) {
    Checkpoint checkpoint = tiny_checkpoint();
    for (const char* name : {"attn_output", "ffn_down"}) {
        for (StoredTensor& tensor : checkpoint.tensors) {
            if (tensor.name != "blk." + std::to_string(layer) + "." + name + ".weight") continue;
            std::shared_ptr<std::byte[]> zeros(new std::byte[tensor.data.size()]());
            tensor.data = {zeros.get(), tensor.data.size()};
            tensor.owner = zeros;
        }
    }
    return checkpoint;
}

std::vector<float> logits_of(Checkpoint checkpoint) {
    const std::unique_ptr<Model> model = load_model(std::move(checkpoint));
    kernels::ThreadPool pool(1);
    Runtime runtime(*model, {}, pool, 1, 32);
    const std::vector<TokenId> tokens{3, 99, 7, 200, 41};
    const SequenceInput input{0, tokens, true};
    const auto logits = runtime.forward({&input, 1});
    return {logits.begin(), logits.end()};
}

TEST(PruneLayers, RemovesTheLayerThatChangesNothing) {
    for (const std::int64_t idle : {0, 1}) {
        Checkpoint checkpoint = with_idle_layer(idle);
        const std::vector<float> before = logits_of(checkpoint);
        const std::size_t tensors = checkpoint.tensors.size();
        const auto notes = transform(checkpoint, "prune_layers",
                                     {{"layers", 1}, {"keep_ends", 0}, {"tokens", kTokens}});
        EXPECT_EQ(read_config(checkpoint).n_layers, 1);
        EXPECT_EQ(checkpoint.tensors.size(), tensors - 9);
        ASSERT_EQ(notes.size(), 1U);
        EXPECT_NE(notes[0].find(": " + std::to_string(idle) + " (0.000)"), std::string::npos)
            << notes[0];
        EXPECT_EQ(logits_of(checkpoint), before);
    }
}

TEST(PruneLayers, SaysWhichModelsAreTooShallow) {
    const Checkpoint checkpoint = tiny_checkpoint();
    const Support support = technique_with("prune_layers")
                                ->supports({checkpoint, read_config(checkpoint), 1, CpuPlace()});
    EXPECT_FALSE(support.ok);
    EXPECT_NE(support.reason.find("2 layers"), std::string::npos) << support.reason;
}

TEST(Calibration, ComesFromTheEndOfTheTextInWholeSequences) {
    const std::unique_ptr<Model> model = tiny_model();
    const auto sequences = calibration_text(*model, 1000);
    std::size_t tokens = 0;
    for (const auto& sequence : sequences) {
        EXPECT_EQ(sequence.size(), sequences.front().size());
        tokens += sequence.size();
    }
    EXPECT_GE(tokens, 1000U);
    EXPECT_LT(tokens, 1000U + sequences.front().size());
    EXPECT_EQ(calibration_text(*model, 1000), sequences);
}

}  // namespace
}  // namespace hone
