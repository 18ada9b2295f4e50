// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "engine/weights/weight_format.h"
#include "tests/techniques/technique_test.h"

namespace hone {
namespace {

constexpr std::string_view kId = "prune_magnitude";

std::int64_t zeros(const std::vector<float>& values) {
    return std::count(values.begin(), values.end(), 0.0F);
}

// Two matrices of different spread, so that the scopes differ.
Checkpoint two_matrices(DType type = DType::f32) {
    Machine machine;
    Checkpoint checkpoint;
    std::vector<float> wide = random_values(48 * 64, 1), narrow = random_values(32 * 128, 2);
    for (float& value : narrow) value *= 0.3F;
    checkpoint.tensors = {matrix("blk.0.ffn_up.weight", 48, 64, wide),
                          matrix("blk.0.ffn_down.weight", 32, 128, narrow),
                          matrix("token_embd.weight", 16, 64, random_values(16 * 64, 3))};
    for (StoredTensor& tensor : checkpoint.tensors)
        tensor = convert_tensor(tensor, type, machine.context(), {});
    return checkpoint;
}

// What is left is what was there, and nothing that is left is smaller than anything that went.
void expect_smallest_went(const std::vector<float>& before, const std::vector<float>& after) {
    float largest_gone = 0, smallest_left = INFINITY;
    for (std::size_t i = 0; i < before.size(); ++i) {
        if (after[i] == 0.0F) {
            largest_gone = std::max(largest_gone, std::abs(before[i]));
        } else {
            EXPECT_EQ(after[i], before[i]);
            smallest_left = std::min(smallest_left, std::abs(before[i]));
        }
    }
    EXPECT_LE(largest_gone, smallest_left);
}

TEST(PruneMagnitude, TakesExactlyTheShareOfEachMatrix) {
    for (const double sparsity : {0.0, 0.1, 0.333, 0.5, 0.9, 0.99}) {
        Checkpoint checkpoint = two_matrices();
        const Checkpoint before = checkpoint;
        transform(checkpoint, kId, {{"scope", "tensor"}, {"sparsity", sparsity}});
        for (std::size_t i = 0; i < 2; ++i) {
            const auto left = expand_tensor(checkpoint.tensors[i]);
            EXPECT_EQ(zeros(left), std::llround(sparsity * static_cast<double>(left.size())))
                << sparsity;
            expect_smallest_went(expand_tensor(before.tensors[i]), left);
        }
    }
}

TEST(PruneMagnitude, TakesExactlyTheShareOfEachRow) {
    Checkpoint checkpoint = two_matrices();
    transform(checkpoint, kId, {{"scope", "row"}, {"sparsity", 0.25}});
    for (std::size_t i = 0; i < 2; ++i) {
        const auto left = expand_tensor(checkpoint.tensors[i]);
        const std::int64_t cols = checkpoint.tensors[i].cols();
        for (auto row = left.begin(); row != left.end(); row += cols)
            EXPECT_EQ(std::count(row, row + cols, 0.0F), cols / 4);
    }
}

TEST(PruneMagnitude, TakesExactlyTheShareOfTheModel) {
    Checkpoint checkpoint = two_matrices();
    const Checkpoint before = checkpoint;
    transform(checkpoint, kId, {{"scope", "global"}, {"sparsity", 0.5}});
    std::vector<float> all_before, all_after;
    for (std::size_t i = 0; i < 2; ++i) {
        const auto was = expand_tensor(before.tensors[i]),
                   is = expand_tensor(checkpoint.tensors[i]);
        all_before.insert(all_before.end(), was.begin(), was.end());
        all_after.insert(all_after.end(), is.begin(), is.end());
    }
    EXPECT_EQ(zeros(all_after), static_cast<std::int64_t>(all_after.size()) / 2);
    expect_smallest_went(all_before, all_after);
    EXPECT_GT(zeros(expand_tensor(checkpoint.tensors[1])), 32 * 128 / 2)
        << "the narrow matrix has more small weights";
}

TEST(PruneMagnitude, TakesTheShareAmongEqualMagnitudesToo) {
    for (const char* scope : {"tensor", "row", "global"}) {
        Checkpoint checkpoint;
        std::vector<float> values(64 * 32, 0.5F);
        for (std::size_t i = 0; i < values.size(); i += 3) values[i] = -0.5F;
        checkpoint.tensors = {matrix("blk.0.attn_q.weight", 64, 32, values)};
        transform(checkpoint, kId, {{"scope", scope}, {"sparsity", 0.5}});
        EXPECT_EQ(zeros(expand_tensor(checkpoint.tensors[0])), 64 * 32 / 2) << scope;
    }
}

TEST(PruneMagnitude, DoesNotDependOnTheThreads) {
    std::vector<Checkpoint> results;
    for (const int threads : {1, 4}) {
        Machine machine(threads);
        Checkpoint checkpoint = two_matrices(DType::bf16);  // few distinct magnitudes: many ties
        const auto technique = technique_with(kId, {{"scope", "global"}, {"sparsity", 0.6}});
        dynamic_cast<const WeightTechnique&>(*technique).apply(checkpoint, machine.context(), {});
        results.push_back(checkpoint);
    }
    for (std::size_t i = 0; i < 2; ++i)
        EXPECT_EQ(expand_tensor(results[0].tensors[i]), expand_tensor(results[1].tensors[i]));
}

TEST(PruneMagnitude, KeepsNOfEveryM) {
    for (const auto& [n, m] :
         {std::pair{2, 4}, std::pair{1, 4}, std::pair{4, 8}, std::pair{31, 32}}) {
        Checkpoint checkpoint = two_matrices();
        const auto before = expand_tensor(checkpoint.tensors[0]);
        transform(checkpoint, kId, {{"pattern", "n_m"}, {"n", n}, {"m", m}});
        const auto after = expand_tensor(checkpoint.tensors[0]);
        for (std::size_t i = 0; i < after.size(); i += static_cast<std::size_t>(m)) {
            const std::vector<float> group(after.begin() + static_cast<std::ptrdiff_t>(i),
                                           after.begin() + static_cast<std::ptrdiff_t>(i) + m);
            EXPECT_EQ(zeros(group), m - n);
            expect_smallest_went({before.begin() + static_cast<std::ptrdiff_t>(i),
                                  before.begin() + static_cast<std::ptrdiff_t>(i) + m},
                                 group);
        }
    }
}

TEST(PruneMagnitude, LeavesEmbeddingsUnlessAsked) {
    Checkpoint left = two_matrices(), pruned = two_matrices();
    transform(left, kId, {{"sparsity", 0.5}});
    transform(pruned, kId, {{"sparsity", 0.5}, {"embedding", true}});
    EXPECT_EQ(zeros(expand_tensor(left.tensors[2])), 0);
    EXPECT_EQ(zeros(expand_tensor(pruned.tensors[2])), 16 * 64 / 2);
}

TEST(PruneMagnitude, KeepsStoredTypesThatHoldZerosAndExpandsTheOther) {
    for (const DType type :
         {DType::f16, DType::bf16, DType::q8_0, DType::q4_0, DType::i8_channel, DType::i4_g64}) {
        Checkpoint checkpoint = two_matrices(type);
        const auto before = expand_tensor(checkpoint.tensors[0]);
        const auto notes = transform(checkpoint, kId, {{"scope", "tensor"}, {"sparsity", 0.5}});
        EXPECT_EQ(checkpoint.tensors[0].type, type);
        EXPECT_EQ(notes.size(), 1U);
        expect_smallest_went(before, expand_tensor(checkpoint.tensors[0]));
    }
    Checkpoint checkpoint = two_matrices(DType::q4_1), planned = checkpoint;
    const auto before = expand_tensor(checkpoint.tensors[0]);
    const auto notes = transform(checkpoint, kId, {{"scope", "tensor"}, {"sparsity", 0.5}});
    EXPECT_EQ(checkpoint.tensors[0].type, DType::f32);
    EXPECT_NE(notes.front().find("expanded"), std::string::npos);
    expect_smallest_went(before, expand_tensor(checkpoint.tensors[0]));
    EXPECT_EQ(plan(planned, kId, {}).size(), 1U) << "told before anything runs";
    EXPECT_EQ(planned.tensors[0].type, DType::f32);
}

TEST(PruneMagnitude, SaysHowManyAreZero) {
    Checkpoint checkpoint = two_matrices();
    const auto notes = transform(checkpoint, kId, {{"scope", "tensor"}, {"sparsity", 0.5}});
    EXPECT_EQ(notes.back(), "3584 of 7168 weights of 2 matrices are zero (50.00 %)");
}

TEST(PruneMagnitude, RefusesGroupsThatRowsDoNotHold) {
    const Checkpoint checkpoint = two_matrices();
    const auto ask = [&](const nlohmann::json& changes) {
        return technique_with(kId, changes)->supports({checkpoint, {}, 1, CpuPlace()});
    };
    EXPECT_TRUE(ask({{"pattern", "n_m"}, {"n", 2}, {"m", 4}}).ok);
    EXPECT_NE(ask({{"pattern", "n_m"}, {"n", 4}, {"m", 4}}).reason.find("N below M"),
              std::string::npos);
    const Support odd = ask({{"pattern", "n_m"}, {"n", 2}, {"m", 7}});
    EXPECT_FALSE(odd.ok);
    EXPECT_NE(odd.reason.find("blk.0.ffn_up.weight"), std::string::npos);
}

TEST(PruneMagnitude, StopsWhenCancelled) {
    Machine machine;
    Checkpoint checkpoint = two_matrices();
    std::stop_source stop;
    stop.request_stop();
    const auto technique = technique_with(kId);
    EXPECT_THROW(dynamic_cast<const WeightTechnique&>(*technique)
                     .apply(checkpoint, machine.context(), {{}, stop.get_token()}),
                 Cancelled);
}

}  // namespace
}  // namespace hone
