// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstring>

#include "engine/weights/weight_format.h"
#include "tests/techniques/technique_test.h"

namespace hone {
namespace {

constexpr std::string_view kId = "quantize_weights";

Checkpoint model_of(std::int64_t cols, DType type = DType::f32) {
    Machine machine;
    Checkpoint checkpoint;
    StoredTensor norm = matrix("output_norm.weight", 1, cols,
                               std::vector<float>(static_cast<std::size_t>(cols), 1.0F));
    norm.shape = {cols};
    checkpoint.tensors = {matrix("token_embd.weight", 16, cols,
                                 random_values(static_cast<std::size_t>(16 * cols), 1)),
                          norm,
                          matrix("blk.0.attn_q.weight", 8, cols,
                                 random_values(static_cast<std::size_t>(8 * cols), 2))};
    for (StoredTensor& tensor : checkpoint.tensors) {
        if (tensor.shape.size() == 2) tensor = convert_tensor(tensor, type, machine.context(), {});
    }
    return checkpoint;
}

TEST(QuantizeWeights, StoresEachSchemeAndLeavesVectors) {
    const std::pair<const char*, DType> schemes[] = {{"int8_channel", DType::i8_channel},
                                                     {"int4_group", DType::i4_g64},
                                                     {"fp8_channel", DType::e4m3_channel},
                                                     {"q8_0", DType::q8_0},
                                                     {"q4_0", DType::q4_0},
                                                     {"q4_1", DType::q4_1},
                                                     {"q5_0", DType::q5_0},
                                                     {"q5_1", DType::q5_1},
                                                     {"q6_k", DType::q6_k},
                                                     {"q4_k", DType::q4_k}};
    for (const auto& [scheme, type] : schemes) {
        Checkpoint checkpoint = model_of(256);
        const Checkpoint before = checkpoint;
        EXPECT_TRUE(transform(checkpoint, kId, {{"scheme", scheme}}).empty());
        EXPECT_EQ(checkpoint.tensors[0].type, DType::q8_0) << "the embedding, by default";
        EXPECT_EQ(checkpoint.tensors[1].type, DType::f32);
        EXPECT_EQ(checkpoint.tensors[2].type, type);
        Machine machine;
        const StoredTensor expected =
            convert_tensor(before.tensors[2], type, machine.context(), {});
        EXPECT_EQ(expand_tensor(checkpoint.tensors[2]), expand_tensor(expected));
    }
}

TEST(QuantizeWeights, TreatsEmbeddingsAsAsked) {
    const std::pair<const char*, DType> choices[] = {
        {"q8_0", DType::q8_0}, {"same", DType::q4_0}, {"keep", DType::f32}};
    for (const auto& [choice, type] : choices) {
        Checkpoint checkpoint = model_of(128);
        transform(checkpoint, kId, {{"scheme", "q4_0"}, {"embedding", choice}});
        EXPECT_EQ(checkpoint.tensors[0].type, type) << choice;
    }
}

TEST(QuantizeWeights, TakesTheLargestGroupThatDividesTheRows) {
    const std::tuple<std::int64_t, const char*, DType, bool> cases[] = {
        {128, "128", DType::i4_g128, false},
        {192, "128", DType::i4_g64, true},
        {96, "128", DType::i4_g32, true},
        {128, "32", DType::i4_g32, false}};
    for (const auto& [cols, group, type, noted] : cases) {
        Checkpoint checkpoint = model_of(cols);
        const auto notes =
            transform(checkpoint, kId, {{"scheme", "int4_group"}, {"group_size", group}});
        EXPECT_EQ(checkpoint.tensors[2].type, type) << cols << " by " << group;
        EXPECT_EQ(!notes.empty(), noted);
    }
}

TEST(QuantizeWeights, ExpandsWhatIsQuantisedAndSaysSo) {
    Checkpoint checkpoint = model_of(128, DType::q4_1), planned = checkpoint;
    const auto notes = transform(checkpoint, kId, {{"scheme", "q8_0"}});
    ASSERT_EQ(notes.size(), 1U);
    EXPECT_NE(notes[0].find("Q4_1"), std::string::npos);
    EXPECT_NE(notes[0].find("expanded first"), std::string::npos);
    EXPECT_EQ(plan(planned, kId, {{"scheme", "q8_0"}}), notes) << "told before anything runs";
}

TEST(QuantizeWeights, LeavesWhatHasTheTypeAlready) {
    Checkpoint checkpoint = model_of(128, DType::q8_0);
    const std::byte* data = checkpoint.tensors[2].data.data();
    EXPECT_TRUE(transform(checkpoint, kId, {{"scheme", "q8_0"}}).empty());
    EXPECT_EQ(checkpoint.tensors[2].data.data(), data);
}

TEST(QuantizeWeights, RefusesRowsThatBlocksDoNotDivide) {
    const Checkpoint checkpoint = model_of(48);
    for (const char* scheme : {"q8_0", "q4_0", "q4_1", "int4_group"}) {
        const auto technique = technique_with(kId, {{"scheme", scheme}, {"embedding", "keep"}});
        const Support support = technique->supports({checkpoint, {}, 1, CpuPlace()});
        EXPECT_FALSE(support.ok) << scheme;
        EXPECT_NE(support.reason.find("blk.0.attn_q.weight"), std::string::npos);
    }
    const auto technique = technique_with(kId, {{"scheme", "int8_channel"}, {"embedding", "keep"}});
    EXPECT_TRUE(technique->supports({checkpoint, {}, 1, CpuPlace()}).ok) << "a row is one block";
}

}  // namespace
}  // namespace hone
