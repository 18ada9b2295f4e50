// SPDX-License-Identifier: Apache-2.0
// SmolLM2-135M-Instruct against transformers in fp32 (tests/fixtures/smollm2_f32_*.json). Each
// greedy id there is the largest of the reference's own logits, one full forward pass a step.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "engine/runtime/cpu_place.h"
#include "engine/runtime/memory_plan.h"
#include "engine/runtime/runtime.h"
#include "engine/runtime/sampling.h"
#include "tests/paths/paths.h"
#include "tests/runtime/sample_model.h"

namespace hone {
namespace {

nlohmann::json fixture(const std::string& name) {
    std::ifstream file(test::fixtures() + "/" + name);
    return nlohmann::json::parse(file);
}

struct Prompt {
    std::string text;
    std::vector<TokenId> ids, greedy;
    std::vector<double> margins;
    std::vector<double> logits_sample;  // of the last position: ids 0, stride, 2·stride, …
    std::vector<std::pair<TokenId, double>> top;
};

std::vector<Prompt> golden_prompts() {
    std::vector<Prompt> prompts;
    const nlohmann::json sample = fixture("smollm2_f32_last_logits_sample.json");
    for (const auto& entry : fixture("smollm2_f32_generation.json")) {
        prompts.push_back({entry["prompt"], entry["prompt_ids"], entry["greedy_ids"],
                           entry["margins"], sample["logits"][prompts.size()],
                           entry["top10_last"]});
    }
    return prompts;
}

class SmolLM2 : public ::testing::Test {
protected:
    std::vector<float> last_logits(Runtime& runtime, std::span<const TokenId> tokens) {
        runtime.clear(0);
        const SequenceInput input{0, tokens};
        const auto logits = runtime.forward({&input, 1});
        return {logits.begin(), logits.end()};
    }

    double worst_difference(Runtime& runtime, const Prompt& prompt) {
        const std::vector<float> logits = last_logits(runtime, prompt.ids);
        const std::size_t stride = 64;
        double worst = 0;
        for (std::size_t i = 0; i < prompt.logits_sample.size(); ++i)
            worst = std::max(
                worst, std::abs(static_cast<double>(logits[i * stride]) - prompt.logits_sample[i]));
        for (const auto& [id, value] : prompt.top)
            worst = std::max(
                worst, std::abs(static_cast<double>(logits[static_cast<std::size_t>(id)]) - value));
        return worst;
    }

    kernels::ThreadPool pool_{2};
};

#define SAMPLE_OR_SKIP(name, type)                \
    const Model* const name = sample_model(type); \
    if (name == nullptr) GTEST_SKIP() << "needs the sample model"

TEST_F(SmolLM2, TokenisesThePromptsAsTransformersDoes) {
    SAMPLE_OR_SKIP(model, std::nullopt);
    for (const Prompt& prompt : golden_prompts())
        EXPECT_EQ(model->tokenizer.encode(prompt.text, SpecialTokens::parse), prompt.ids);
}

TEST_F(SmolLM2, LogitsAreThoseOfTransformersOnEveryInstructionSet) {
    SAMPLE_OR_SKIP(model, DType::f32);
    for (const kernels::Isa isa : kernels::available_isas()) {
        RunConfig config;
        config.isa = isa;
        Runtime runtime(*model, config, pool_, 1, 64);
        for (const Prompt& prompt : golden_prompts())
            EXPECT_LT(worst_difference(runtime, prompt), 2e-3)
                << prompt.text << ' ' << kernels::isa_name(isa);
    }
}

// Beyond the first step whose two best logits lie within 0.01, a tie's side may differ.
TEST_F(SmolLM2, GreedyContinuationIsThatOfTransformers) {
    SAMPLE_OR_SKIP(model, DType::f32);
    Runtime runtime(*model, {}, pool_, 1, 128);
    Sampler greedy(0, 1);
    for (const Prompt& prompt : golden_prompts()) {
        std::vector<TokenId> next = prompt.ids;
        runtime.clear(0);
        for (std::size_t step = 0; step < prompt.greedy.size() && prompt.margins[step] >= 0.01;
             ++step) {
            const SequenceInput input{0, next};
            const TokenId token = greedy.sample(runtime.forward({&input, 1}));
            ASSERT_EQ(token, prompt.greedy[step]) << prompt.text << " step " << step;
            next = {token};
        }
    }
}

TEST_F(SmolLM2, CacheOrNoneBatchAndChunksAgree) {
    SAMPLE_OR_SKIP(model, DType::f32);
    const std::vector<Prompt> prompts = golden_prompts();
    Runtime plain(*model, {}, pool_, 1, 64);
    std::vector<std::vector<float>> expected;
    for (const Prompt& prompt : prompts) expected.push_back(last_logits(plain, prompt.ids));
    const auto difference = [](std::span<const float> a, std::span<const float> b) {
        float worst = 0;
        for (std::size_t i = 0; i < a.size(); ++i) worst = std::max(worst, std::abs(a[i] - b[i]));
        return worst;
    };

    RunConfig together;
    together.batch_size = 5;
    together.prefill_chunk = 8;
    Runtime batched(*model, together, pool_, 5, 64);
    std::vector<SequenceInput> batch;
    for (std::size_t i = 0; i < prompts.size(); ++i)
        batch.push_back({static_cast<int>(i), prompts[i].ids});
    const std::span<const float> logits = batched.forward(batch);
    const std::size_t n_vocab = expected[0].size();
    for (std::size_t i = 0; i < prompts.size(); ++i)
        EXPECT_LT(difference(logits.subspan(i * n_vocab, n_vocab), expected[i]), 1e-3F)
            << prompts[i].text;

    RunConfig off;
    off.kv_cache = KvStorage::off;
    Runtime uncached(*model, off, pool_, 1, 64);
    Runtime stepwise(*model, {}, pool_, 1, 64);
    const Prompt& prompt = prompts.back();
    for (Runtime* runtime : {&uncached, &stepwise}) {
        std::vector<float> last;
        for (const TokenId& token : prompt.ids) {
            const SequenceInput input{0, {&token, 1}};
            const auto step = runtime->forward({&input, 1});
            last.assign(step.begin(), step.end());
        }
        EXPECT_LT(difference(last, expected.back()), 1e-3F);
    }
}

struct Reduced {
    const char* name;
    std::optional<DType> type;  // none: the file's own (Q4_1 with its exceptions)
    KvStorage storage;
    double bound;  // on the largest difference from the fp32 logits, which span about 30
};

// The matrices are compared with what they were made from: BF16 of a Q4_1 file rounds its products
// of scale and integer.
TEST_F(SmolLM2, ReducedStorageStaysWithinItsBound) {
    for (const Reduced& reduced :
         {Reduced{"the file's own types", std::nullopt, KvStorage::f32, 2e-3},
          Reduced{"BF16", DType::bf16, KvStorage::f32, 0.5},
          Reduced{"Q8_0", DType::q8_0, KvStorage::f32, 1.0},
          Reduced{"fp16 cache", std::nullopt, KvStorage::f16, 0.03},
          Reduced{"int8 cache", std::nullopt, KvStorage::i8, 0.6}}) {
        SAMPLE_OR_SKIP(model, reduced.type);
        RunConfig config;
        config.kv_cache = reduced.storage;
        Runtime runtime(*model, config, pool_, 1, 64);
        double worst = 0;
        for (const Prompt& prompt : golden_prompts())
            worst = std::max(worst, worst_difference(runtime, prompt));
        EXPECT_LT(worst, reduced.bound) << reduced.name;
        std::cout << reduced.name << ": largest difference " << worst << '\n';
    }
}

TEST_F(SmolLM2, PredictedMemoryIsWithinATenth) {
    SAMPLE_OR_SKIP(model, std::nullopt);
    RunConfig config;
    config.batch_size = 2;
    Runtime runtime(*model, config, pool_, 2, 80);
    const std::vector<TokenId> prompt(70, 504);
    const std::vector<SequenceInput> batch{{0, prompt}, {1, prompt}};
    runtime.forward(batch);
    const std::vector<TokenId> one{1};
    for (int step = 0; step < 10; ++step) {
        const std::vector<SequenceInput> more{{0, one}, {1, one}};
        runtime.forward(more);
    }
    const auto measured = static_cast<double>(runtime.memory().total());
    EXPECT_NEAR(
        static_cast<double>(
            CpuPlace()
                .plan_memory(
                    model->checkpoint, model->config, config,
                    {.threads = 2, .sequences = 2, .context = 80, .positions = 80, .prompt = 70})
                .total()),
        measured, 0.1 * measured);
}

}  // namespace
}  // namespace hone
