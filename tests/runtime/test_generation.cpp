// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/core/error.h"
#include "engine/runtime/generation.h"
#include "tests/runtime/sample_model.h"

namespace hone {
namespace {

const Model& tiny() {
    static const std::unique_ptr<Model> model = tiny_model();
    return *model;
}

std::vector<std::vector<TokenId>> prompts() {
    return {{1, 2, 3}, {9}, {5, 6, 7, 8, 9, 10, 11}, {4, 4}, {200, 100}};
}

GenerationTimings generate(std::int64_t batch, double temperature, std::uint64_t seed,
                           std::int64_t tokens = 6) {
    kernels::ThreadPool pool(2);
    RunConfig config;
    config.batch_size = batch;
    Runtime runtime(tiny(), config, pool, static_cast<int>(batch), 32);
    Sampler sampler(temperature, seed);
    return run_generation(runtime, prompts(), tokens, sampler, {});
}

TEST(Generation, MakesEveryTokenAndItsTime) {
    for (const std::int64_t batch : {1, 2, 5}) {
        const GenerationTimings timings = generate(batch, 0, 1);
        ASSERT_EQ(timings.tokens.size(), 5U);
        EXPECT_EQ(timings.prompt_tokens, 15);
        EXPECT_EQ(timings.decoded_tokens, 5 * 5);
        EXPECT_GT(timings.prefill_seconds, 0);
        EXPECT_GT(timings.decode_seconds, 0);
        EXPECT_LE(timings.prefill_seconds + timings.decode_seconds, timings.total_seconds);
        for (std::size_t s = 0; s < 5; ++s) {
            ASSERT_EQ(timings.tokens[s].size(), 6U);
            ASSERT_EQ(timings.token_times[s].size(), 6U);
            for (std::size_t t = 1; t < 6; ++t)
                EXPECT_GT(timings.token_times[s][t], timings.token_times[s][t - 1]);
            EXPECT_LE(timings.token_times[s].back(), timings.total_seconds);
        }
        // The second group starts when the first is done.
        const auto next = static_cast<std::size_t>(batch);
        if (next < 5) {
            EXPECT_GT(timings.token_times[next].front(), timings.token_times[0].back());
        }
    }
}

TEST(Generation, GreedyTokensDoNotDependOnTheBatch) {
    EXPECT_EQ(generate(1, 0, 1).tokens, generate(2, 0, 1).tokens);
    EXPECT_EQ(generate(1, 0, 1).tokens, generate(5, 0, 2).tokens);
}

TEST(Generation, TheSameSeedGivesTheSameTokens) {
    EXPECT_EQ(generate(2, 1.0, 7).tokens, generate(2, 1.0, 7).tokens);
    EXPECT_NE(generate(2, 1.0, 7).tokens, generate(2, 1.0, 8).tokens);
}

TEST(Generation, GreedyTokensAreTheArgmaxOfTheWholeSequence) {
    const GenerationTimings timings = generate(2, 0, 1);
    kernels::ThreadPool pool(1);
    Runtime runtime(tiny(), {}, pool, 1, 32);
    const auto starts = prompts();
    for (std::size_t s = 0; s < starts.size(); ++s) {
        std::vector<TokenId> sequence = starts[s];
        for (const TokenId token : timings.tokens[s]) {
            runtime.clear(0);
            const SequenceInput input{0, sequence};
            const auto logits = runtime.forward({&input, 1});
            EXPECT_EQ(std::max_element(logits.begin(), logits.end()) - logits.begin(), token);
            sequence.push_back(token);
        }
    }
}

TEST(Generation, OneTokenNeedsNoDecoding) {
    const GenerationTimings timings = generate(2, 0, 1, 1);
    EXPECT_EQ(timings.decoded_tokens, 0);
    EXPECT_EQ(timings.tokens[4].size(), 1U);
    EXPECT_THROW(generate(2, 0, 1, 0), Error);
}

TEST(Generation, StopsWhenItIsCancelled) {
    kernels::ThreadPool pool(1);
    Runtime runtime(tiny(), {}, pool, 1, 32);
    Sampler sampler(0, 1);
    std::stop_source stop;
    stop.request_stop();
    EXPECT_THROW(run_generation(runtime, prompts(), 4, sampler, Progress{{}, stop.get_token()}), Cancelled);
}

}  // namespace
}  // namespace hone
