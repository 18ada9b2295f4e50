// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <tuple>

#include "engine/runtime/generation.h"
#include "engine/runtime/memory_plan.h"
#include "engine/runtime/runtime.h"
#include "tests/runtime/sample_model.h"

namespace hone {
namespace {

using Case = std::tuple<KvStorage, bool, int, std::int64_t, std::int64_t>;

void expect_near(const MemoryByClass& predicted, const MemoryByClass& measured) {
    for (const MemoryClass which : {MemoryClass::weights, MemoryClass::kv_cache,
                                    MemoryClass::activations, MemoryClass::workspace}) {
        const auto p = static_cast<double>(predicted[which]);
        const auto m = static_cast<double>(measured[which]);
        // Classes below a megabyte need not be within a tenth of themselves.
        EXPECT_NEAR(p, m, std::max(0.1 * m, 256.0 * 1024)) << memory_class_id(which);
    }
    const auto total = static_cast<double>(measured.total());
    EXPECT_NEAR(static_cast<double>(predicted.total()), total, std::max(0.1 * total, 512.0 * 1024));
}

class PredictedMemory : public ::testing::TestWithParam<Case> {};

TEST_P(PredictedMemory, IsWithinATenthOfWhatARunAllocates) {
    const auto [storage, window, batch, prompt, generate] = GetParam();
    static const std::unique_ptr<Model> model = tiny_model(DType::bf16);
    RunConfig config;
    config.kv_cache = storage;
    config.batch_size = batch;
    if (window) config.attention = {AttentionMask::Kind::window, 16, 4};
    kernels::ThreadPool pool(2);
    Runtime runtime(*model, config, pool, batch, prompt + generate);
    const std::vector<std::vector<TokenId>> prompts(
        static_cast<std::size_t>(batch),
        std::vector<TokenId>(static_cast<std::size_t>(prompt), 65));
    Sampler sampler(0, 1);
    run_generation(runtime, prompts, generate, sampler, {});
    expect_near(predict_memory(model->config, model->checkpoint.bytes(), config, pool.size(), batch,
                               prompt + generate, prompt),
                runtime.memory());
}

TEST(PredictedMemoryOf, BlocksPagesAndReducedProducts) {
    static const std::unique_ptr<Model> model = tiny_model(DType::i8_channel);
    RunConfig paged, pages, reduced;
    paged.kv_layout = KvLayout::paged;
    paged.kv_cache = KvStorage::i8;
    paged.kv_block_shift = 6;
    pages.attention.kind = AttentionMask::Kind::pages;
    pages.attention.keep = 3;
    pages.attention.dense_layers = 1;
    reduced.arithmetic = kernels::Arithmetic::i8;
    for (const RunConfig& config : {paged, pages, reduced}) {
        for (const std::int64_t prompt : {9, 700}) {
            kernels::ThreadPool pool(2);
            Runtime runtime(*model, config, pool, 1, prompt + 8);
            const std::vector<std::vector<TokenId>> prompts(
                1, std::vector<TokenId>(static_cast<std::size_t>(prompt), 65));
            Sampler sampler(0, 1);
            run_generation(runtime, prompts, 8, sampler, {});
            expect_near(predict_memory(model->config, model->checkpoint.bytes(), config,
                                       pool.size(), 1, prompt + 8, prompt),
                        runtime.memory());
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Sizes, PredictedMemory,
                         ::testing::Combine(::testing::Values(KvStorage::off, KvStorage::f32,
                                                              KvStorage::f16, KvStorage::i8),
                                            ::testing::Bool(), ::testing::Values(1, 3),
                                            ::testing::Values<std::int64_t>(9, 150),
                                            ::testing::Values<std::int64_t>(4, 20)));

}  // namespace
}  // namespace hone
