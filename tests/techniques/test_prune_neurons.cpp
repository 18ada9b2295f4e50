// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>

#include "engine/formats/gguf.h"
#include "engine/formats/hugging_face.h"
#include "engine/runtime/layer_walk.h"
#include "engine/runtime/runtime.h"
#include "engine/techniques/apply/calibration.h"
#include "engine/weights/weight_format.h"
#include "tests/paths/paths.h"
#include "tests/runtime/sample_model.h"
#include "tests/techniques/technique_test.h"

namespace hone {
namespace {

constexpr std::int64_t kNeurons = 128, kKept = 96;  // of the tiny model, and a quarter less
const nlohmann::json kByActivation{{"sparsity", 0.25}, {"tokens", 300}},
    kByWeights{{"sparsity", 0.25}, {"criterion", "weights"}};

std::vector<float> logits_of(Checkpoint checkpoint) {
    const std::unique_ptr<Model> model = load_model(std::move(checkpoint));
    kernels::ThreadPool pool(1);
    Runtime runtime(*model, {}, pool, 1, 32);
    const std::vector<TokenId> tokens{3, 9, 7, 20, 41};
    const SequenceInput input{0, tokens, true};
    const auto logits = runtime.forward({&input, 1});
    return {logits.begin(), logits.end()};
}

void expect_close(const std::vector<float>& is, const std::vector<float>& was, float share) {
    ASSERT_EQ(is.size(), was.size());
    float most = 0;
    for (const float value : was) most = std::max(most, std::abs(value));
    ASSERT_GT(most, 0);
    for (std::size_t i = 0; i < is.size(); ++i) ASSERT_NEAR(is[i], was[i], share * most) << i;
}

// Every fourth neuron, another one in each layer.
bool is_idle(std::int64_t neuron, std::int64_t layer) {
    return neuron % 4 == layer + 1;
}

// The tiny model with nothing that reads its idle neurons.
Checkpoint with_idle_neurons() {
    Checkpoint checkpoint = tiny_checkpoint();
    for (StoredTensor& tensor : checkpoint.tensors) {
        if (tensor.place.role != Role::ffn_down) continue;
        auto values = std::make_shared<std::vector<float>>(expand_tensor(tensor));
        for (std::int64_t i = 0; i < tensor.elements(); ++i) {
            if (is_idle(i % kNeurons, tensor.place.layer))
                (*values)[static_cast<std::size_t>(i)] = 0;
        }
        tensor.data = std::as_bytes(std::span(*values));
        tensor.owner = values;
    }
    return checkpoint;
}

std::vector<float> row_of(const StoredTensor& tensor, std::int64_t row) {
    std::vector<float> values(static_cast<std::size_t>(tensor.cols()));
    dequantize_row(tensor.type, tensor.row(row), values.data(), tensor.cols());
    return values;
}

TEST(PruneNeurons, RemovesThoseThatNothingReads) {
    for (const nlohmann::json& options : {kByActivation, kByWeights}) {
        SCOPED_TRACE(options.dump());
        const Checkpoint before = with_idle_neurons();
        Checkpoint after = before;
        const auto notes = transform(after, "prune_neurons", options);
        EXPECT_EQ(read_config(after).n_ff, kKept);
        ASSERT_EQ(notes.size(), 1U);
        EXPECT_EQ(notes[0], "96 of 128 feed-forward neurons stay in each of 2 layers");
        for (std::int64_t layer = 0; layer < 2; ++layer) {
            const StoredTensor &down = *after.find(Role::ffn_down, layer),
                               &dense = *before.find(Role::ffn_down, layer);
            ASSERT_EQ(down.shape, (std::vector<std::int64_t>{dense.rows(), kKept}));
            for (const Role role : {Role::ffn_gate, Role::ffn_up}) {
                const StoredTensor &is = *after.find(role, layer), &was = *before.find(role, layer);
                ASSERT_EQ(is.shape, (std::vector<std::int64_t>{kKept, was.cols()}));
                std::int64_t kept = 0;
                for (std::int64_t neuron = 0; neuron < kNeurons; ++neuron) {
                    if (is_idle(neuron, layer)) continue;
                    EXPECT_EQ(row_of(is, kept), row_of(was, neuron)) << neuron;
                    EXPECT_EQ(row_of(down, 5)[static_cast<std::size_t>(kept)],
                              row_of(dense, 5)[static_cast<std::size_t>(neuron)]);
                    ++kept;
                }
            }
        }
        expect_close(logits_of(after), logits_of(before), 1e-6F);
    }
}

// By the definitions in docs/techniques.md, computed apart.
std::vector<double> expected_scores(const Model& model, bool by_activation) {
    kernels::ThreadPool pool(2);
    LayerWalk walk(model, pool, calibration_text(model, 300));
    const StoredTensor &gate = *model.layers[0][Role::ffn_gate],
                       &up = *model.layers[0][Role::ffn_up],
                       &down = *model.layers[0][Role::ffn_down];
    const std::vector<double> squares = walk.input_squares({}).at(&down);
    const auto norm = [](const std::vector<float>& values) {
        double sum = 0;
        for (const float value : values)
            sum += static_cast<double>(value) * static_cast<double>(value);
        return std::sqrt(sum);
    };
    std::vector<double> scores;
    const std::vector<float> columns = expand_tensor(down);
    for (std::int64_t neuron = 0; neuron < kNeurons; ++neuron) {
        std::vector<float> column;
        for (std::int64_t row = 0; row < down.rows(); ++row)
            column.push_back(columns[static_cast<std::size_t>(row * kNeurons + neuron)]);
        const double in = by_activation ? std::sqrt(squares[static_cast<std::size_t>(neuron)] /
                                                    static_cast<double>(walk.tokens()))
                                        : norm(row_of(gate, neuron)) * norm(row_of(up, neuron));
        scores.push_back(in * norm(column));
    }
    return scores;
}

TEST(PruneNeurons, KeepsThoseThatContributeMost) {
    const std::unique_ptr<Model> model = tiny_model();
    for (const nlohmann::json& options : {kByActivation, kByWeights}) {
        SCOPED_TRACE(options.dump());
        const std::vector<double> scores = expected_scores(*model, options == kByActivation);
        Checkpoint pruned = tiny_checkpoint();
        transform(pruned, "prune_neurons", options);
        double least_kept = 1e300, most_gone = 0;
        std::int64_t kept = 0;
        for (std::int64_t neuron = 0; neuron < kNeurons; ++neuron) {
            const double score = scores[static_cast<std::size_t>(neuron)];
            const bool stays =
                kept < kKept && row_of(*pruned.find(Role::ffn_gate, 0), kept) ==
                                    row_of(*model->layers[0][Role::ffn_gate], neuron);
            kept += stays ? 1 : 0;
            (stays ? least_kept : most_gone) =
                stays ? std::min(least_kept, score) : std::max(most_gone, score);
        }
        EXPECT_EQ(kept, kKept) << "in their order";
        EXPECT_LE(most_gone, least_kept * (1 + 1e-6));
    }
}

TEST(PruneNeurons, DoesNotDependOnTheNumberOfThreads) {
    Checkpoint one = tiny_checkpoint(), four = one;
    Machine single(1), several(4);
    const auto technique = technique_with("prune_neurons", kByActivation);
    const auto& weights = dynamic_cast<const WeightTechnique&>(*technique);
    weights.apply(one, single.context(), {});
    weights.apply(four, several.context(), {});
    for (std::size_t i = 0; i < one.tensors.size(); ++i) {
        ASSERT_EQ(one.tensors[i].data.size(), four.tensors[i].data.size());
        EXPECT_EQ(std::memcmp(one.tensors[i].data.data(), four.tensors[i].data.data(),
                              one.tensors[i].data.size()),
                  0)
            << one.tensors[i].name;
    }
}

TEST(PruneNeurons, QuantisesOnlyWhatLosesColumnsAnew) {
    for (const DType type :
         {DType::q8_0, DType::q4_0, DType::q4_1, DType::i8_channel, DType::e4m3_channel}) {
        SCOPED_TRACE(info(type).name);
        const Checkpoint before = with_matrices(with_idle_neurons(), type);
        Checkpoint after = before;
        const auto notes = transform(after, "prune_neurons", kByWeights);
        ASSERT_GE(notes.size(), 2U);
        EXPECT_EQ(notes[1].find("2 matrices lose columns"), 0U) << notes[1];
        const StoredTensor &gate = *after.find(Role::ffn_gate, 1),
                           &dense = *before.find(Role::ffn_gate, 1);
        EXPECT_EQ(gate.type, type);
        const auto bytes = static_cast<std::size_t>(row_bytes(type, dense.cols()));
        std::int64_t kept = 0;
        for (std::int64_t neuron = 0; neuron < kNeurons && kept < kKept; ++neuron)
            kept += std::memcmp(gate.row(kept), dense.row(neuron), bytes) == 0 ? 1 : 0;
        EXPECT_EQ(kept, kKept) << "whole rows are copied";
        EXPECT_EQ(after.find(Role::ffn_down, 1)->type, type);
        expect_close(logits_of(after), logits_of(before),
                     type == DType::q4_0 || type == DType::q4_1 ? 0.3F : 0.05F);
    }
}

// Without data: what is planned needs none.
Checkpoint with_down(Checkpoint checkpoint, DType type) {
    for (StoredTensor& tensor : checkpoint.tensors) {
        tensor.data = {};
        if (tensor.place.role == Role::ffn_down) tensor.type = type;
    }
    return checkpoint;
}

TEST(PruneNeurons, RoundsToWholeBlocksAndSaysWhereNothingWouldGo) {
    const Checkpoint checkpoint = tiny_checkpoint();
    const auto kept = [&](double sparsity, const Checkpoint& of) {
        Checkpoint planned = of;
        plan(planned, "prune_neurons", {{"sparsity", sparsity}});
        return read_config(planned).n_ff;
    };
    EXPECT_EQ(kept(0.5, checkpoint), 64);
    EXPECT_EQ(kept(0.4, checkpoint), 64);
    EXPECT_EQ(kept(0.3, checkpoint), 96);
    EXPECT_EQ(kept(0.9, checkpoint), 32) << "at least one block stays";
    EXPECT_EQ(kept(0.4, with_down(checkpoint, DType::i4_g64)), 64);
    EXPECT_EQ(kept(0.9, with_down(checkpoint, DType::i4_g64)), 64);
    const auto refusal = [&](double sparsity, const Checkpoint& of) {
        return technique_with("prune_neurons", {{"sparsity", sparsity}})
            ->supports({of, read_config(of), 1, CpuPlace()})
            .reason;
    };
    EXPECT_EQ(refusal(0.25, checkpoint), "");
    EXPECT_EQ(refusal(0.05, checkpoint),
              "a layer has 128 neurons and 32 of them stay or go together: 5 % rounds to none");
    EXPECT_NE(refusal(0.9, with_down(checkpoint, DType::i4_g128)), "")
        << "the only block cannot go";
}

// What was exported and opened again computes, in each family, what the pruned model computes in
// memory, to the bit.
TEST(PruneNeurons, IsExportedInBothFormats) {
    const std::filesystem::path folder =
        std::filesystem::path(testing::TempDir()) / ("prune_neurons-" + std::to_string(::getpid()));
    std::filesystem::create_directory(folder);
    for (const char* name : {"grouped", "qwen2", "qwen2_tied", "qwen3"}) {
        SCOPED_TRACE(name);
        Checkpoint pruned = open_checkpoint(test::fixtures() + "/hugging_face/" + name);
        transform(pruned, "prune_neurons", kByActivation);
        EXPECT_EQ(read_config(pruned).n_ff, 32);
        const std::vector<float> expected = logits_of(pruned);
        const std::filesystem::path file = folder / (std::string(name) + ".gguf"),
                                    exported = folder / name;
        write_gguf(pruned, file, {});
        write_hugging_face(pruned, exported, {});
        for (const std::filesystem::path& written : {file, exported}) {
            const Checkpoint again = open_checkpoint(written.string());
            EXPECT_EQ(read_config(again).n_ff, 32);
            EXPECT_EQ(logits_of(again), expected) << written;
        }
    }
    std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace hone
