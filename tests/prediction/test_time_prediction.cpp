// SPDX-License-Identifier: Apache-2.0
// Times made from a calibration whose every figure is known; against measured ones:
// tests/bench/check_predictions.py.
#include <gtest/gtest.h>

#include <vector>

#include "engine/formats/synthetic.h"
#include "engine/prediction/time_prediction.h"
#include "kernels/cpu/pulse.h"

namespace hone {
namespace {

// One second a pass and product, however many rows; all else takes no time.
Calibration a_second_a_product() {
    Calibration calibration;
    for (const WeightForm& form : calibrated_forms())
        calibration.products[product_key(form, kernels::Arithmetic::f32)] = {{}, {}, {1, 1, 1, 1}};
    using profiler::Operation, profiler::TracePhase;
    for (std::size_t i = 0; i < profiler::kOperationNames.size(); ++i)
        calibration.operations[operation_key(static_cast<Operation>(i))] = {};
    for (const KvStorage storage : {KvStorage::f32, KvStorage::f16, KvStorage::i8}) {
        for (const TracePhase phase : {TracePhase::prefill, TracePhase::decode}) {
            calibration.operations[operation_key(Operation::attention, storage, phase)] = {};
            calibration.operations[operation_key(Operation::remember, storage, phase)] = {};
        }
    }
    return calibration;
}

class TimePrediction : public ::testing::Test {
protected:
    std::map<std::string, double> predicted(const RunConfig& run = {}) const {
        return predict_times(tiny_, read_config(tiny_), run, prompts_, generate_, calibration_);
    }

    Checkpoint tiny_ =
        make_synthetic("tiny", false);  // 2 layers of 7 matrices, and the output matrix
    Calibration calibration_ = a_second_a_product();
    std::vector<std::int64_t> prompts_{100};
    std::int64_t generate_ = 11;
    static constexpr double kProducts = 15;
};

TEST_F(TimePrediction, CountsEveryProductOfEveryPass) {
    const auto times = predicted();
    EXPECT_DOUBLE_EQ(times.at("time_to_first_token"), kProducts);
    EXPECT_DOUBLE_EQ(times.at("prefill_tokens_per_second"), 100 / kProducts);
    EXPECT_DOUBLE_EQ(times.at("time_per_output_token"), kProducts);
    EXPECT_DOUBLE_EQ(times.at("decode_tokens_per_second"), 1 / kProducts);
    EXPECT_DOUBLE_EQ(times.at("total_seconds"), 11 * kProducts);
    EXPECT_DOUBLE_EQ(times.at("total_tokens_per_second"), 1 / kProducts);
}

TEST_F(TimePrediction, GivesASignOfLifeWithEveryPass) {
    const std::uint64_t before = kernels::pulses();
    (void)predicted();
    EXPECT_GE(kernels::pulses() - before, 11U) << "the prompt's pass and ten more";
}

TEST_F(TimePrediction, TakesALongPromptInSeveralPasses) {
    prompts_ = {1300};  // 512, 512, 276; logits and the last layer's second half only in the last
    EXPECT_DOUBLE_EQ(predicted().at("time_to_first_token"), 3 * (kProducts - 1) - 2 * 4 + 1);
}

TEST_F(TimePrediction, SharesAPassAmongABatch) {
    prompts_ = {100, 100, 100, 100};
    RunConfig run;
    const auto alone = predicted(run);
    run.batch_size = 4;
    const auto together = predicted(run);
    EXPECT_DOUBLE_EQ(together.at("decode_tokens_per_second"),
                     4 * alone.at("decode_tokens_per_second"));
    EXPECT_DOUBLE_EQ(alone.at("time_to_first_token"), kProducts * (1 + 12 + 23 + 34) / 4);
    EXPECT_DOUBLE_EQ(together.at("time_to_first_token"), kProducts);
}

TEST_F(TimePrediction, CountsWhatAttentionLooksAt) {
    using profiler::Operation, profiler::TracePhase;
    for (auto& [key, product] : calibration_.products) product.per_call = {};
    for (const TracePhase phase : {TracePhase::prefill, TracePhase::decode})
        calibration_.operations[operation_key(Operation::attention, KvStorage::f32, phase)] = {0,
                                                                                               1};
    prompts_ = {1};
    generate_ = 2;  // one step, which attends two positions in both layers
    constexpr double kPair = 4.0 * 4 * 16;
    EXPECT_DOUBLE_EQ(predicted().at("time_per_output_token"), 2 * 2 * kPair);
    prompts_ = {99};
    EXPECT_DOUBLE_EQ(predicted().at("time_per_output_token"), 2 * 100 * kPair);
    RunConfig window;
    window.attention.kind = AttentionMask::Kind::window;
    window.attention.window = 10;
    window.attention.sinks = 2;
    EXPECT_DOUBLE_EQ(predicted(window).at("time_per_output_token"), 2 * 12 * kPair);
    // The first layer attends all pairs, the last only those of the row whose logits are wanted.
    EXPECT_DOUBLE_EQ(predicted().at("time_to_first_token"), (99 * 100 / 2 + 99) * kPair);
}

TEST_F(TimePrediction, LooksAtEachMatrixsOwnShareOfZeros) {
    for (const double kept : Calibration::kKept)
        calibration_.products[product_key({DType::sparse_f32, kept}, kernels::Arithmetic::f32)] = {
            {}, {}, {kept, kept, kept, kept}};
    const auto share_zero = [&](double share) {
        for (StoredTensor& tensor : tiny_.tensors) {
            if (!tensor.name.starts_with("blk.") || tensor.shape.size() != 2) continue;
            tensor.type = DType::sparse_f32;
            tensor.zeros =
                static_cast<std::int64_t>(share * static_cast<double>(tensor.elements()));
        }
        return predicted().at("time_per_output_token");
    };
    EXPECT_NEAR(share_zero(0.3), 14 * 0.7 + 1, 0.02);  // the output matrix is dense
    EXPECT_NEAR(share_zero(0.8), 14 * 0.2 + 1, 0.02);
}

TEST_F(TimePrediction, WithoutACacheComputesTheWholeSequenceAgain) {
    for (auto& [key, product] : calibration_.products) {
        product.per_call = {};
        product.per_weight = {1, 8, 64, 256};
    }
    RunConfig off;
    off.kv_cache = KvStorage::off;
    EXPECT_GT(predicted(off).at("time_per_output_token"),
              50 * predicted().at("time_per_output_token"));
    EXPECT_DOUBLE_EQ(predicted(off).at("time_to_first_token"),
                     predicted().at("time_to_first_token"));
}

TEST_F(TimePrediction, SaysNothingOfAKernelThatWasNotMeasured) {
    RunConfig run;
    run.kv_cache = KvStorage::i8;
    EXPECT_FALSE(predicted(run).empty());
    calibration_.operations.erase(
        operation_key(profiler::Operation::attention, KvStorage::i8, profiler::TracePhase::decode));
    EXPECT_TRUE(predicted(run).empty());
    EXPECT_FALSE(predicted().empty());
    calibration_.products.erase("f32");
    EXPECT_TRUE(predicted().empty());
}

}  // namespace
}  // namespace hone
