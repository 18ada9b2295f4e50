// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <limits>
#include <new>

#include "engine/core/error.h"
#include "engine/runtime/cpu_place.h"
#include "engine/runtime/generation.h"
#include "engine/runtime/kv_cache.h"
#include "engine/runtime/memory_plan.h"
#include "tests/runtime/sample_model.h"

namespace {

// Caches and activations are aligned allocations: counted here, and refused beyond a limit.
struct AlignedMemory {
    std::atomic<std::int64_t> live = 0, most = 0, limit = std::numeric_limits<std::int64_t>::max();
};
AlignedMemory buffers;

}  // namespace

void* operator new(std::size_t bytes, std::align_val_t alignment) {
    const auto align = static_cast<std::size_t>(alignment);
    if (buffers.live + static_cast<std::int64_t>(bytes) > buffers.limit) throw std::bad_alloc();
    void* const memory = std::aligned_alloc(align, (bytes + align - 1) / align * align);
    if (memory == nullptr) throw std::bad_alloc();
    buffers.live += static_cast<std::int64_t>(malloc_usable_size(memory));
    buffers.most = std::max(buffers.most.load(), buffers.live.load());
    return memory;
}

void operator delete(void* memory, std::align_val_t) noexcept {
    if (memory != nullptr) buffers.live -= static_cast<std::int64_t>(malloc_usable_size(memory));
    std::free(memory);
}

void operator delete(void* memory, std::size_t, std::align_val_t alignment) noexcept {
    operator delete(memory, alignment);
}

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
    EXPECT_THROW(run_generation(runtime, prompts(), 4, sampler, Progress{{}, stop.get_token()}),
                 Cancelled);
}

// Adaptive batches
// -------------------------------------------------------------------------------------------------

std::vector<std::vector<TokenId>> many_prompts(int count, int length) {
    std::vector<std::vector<TokenId>> all;
    for (int i = 0; i < count; ++i) {
        all.emplace_back();
        for (int t = 0; t < length + i % 5; ++t) all.back().push_back((i * 37 + t * 11) % 256);
    }
    return all;
}

GenerationTimings adaptive(const std::vector<std::vector<TokenId>>& all, std::int64_t most,
                           std::int64_t tokens, const MemoryRoom& room) {
    kernels::ThreadPool pool(1);
    RunConfig config;
    config.batch_size = most;
    config.batching = RunConfig::Batching::adaptive;
    Runtime runtime(tiny(), config, pool, static_cast<int>(most), 2048);
    Sampler sampler(0, 1);
    return run_generation(runtime, all, tokens, sampler, {}, room);
}

std::vector<std::vector<TokenId>> one_by_one(const std::vector<std::vector<TokenId>>& all,
                                             std::int64_t tokens) {
    kernels::ThreadPool pool(2);
    Runtime runtime(tiny(), {}, pool, 1, 2048);
    Sampler sampler(0, 1);
    return run_generation(runtime, all, tokens, sampler, {}).tokens;
}

TEST(AdaptiveBatch, MakesTheTokensOfSequencesAlone) {
    const auto all = many_prompts(20, 10);
    const GenerationTimings timings = adaptive(all, 8, 12, {});
    EXPECT_EQ(timings.tokens, one_by_one(all, 12));
    EXPECT_GE(timings.largest_batch, 2);
    EXPECT_LE(timings.largest_batch, 8);
    EXPECT_EQ(timings.backed_off, 0);
    EXPECT_EQ(timings.decoded_tokens, 20 * 11);
    for (const auto& times : timings.token_times) {
        ASSERT_EQ(times.size(), 12U);
        EXPECT_TRUE(std::is_sorted(times.begin(), times.end()));
    }
}

TEST(AdaptiveBatch, StaysAtOneWhereThereIsNoRoomAndFailsNobody) {
    const auto all = many_prompts(6, 10);
    const GenerationTimings timings = adaptive(all, 8, 8, [] { return std::int64_t{0}; });
    EXPECT_EQ(timings.largest_batch, 1);
    EXPECT_EQ(timings.tokens, one_by_one(all, 8));
}

// As admission counts them.
std::int64_t pass_bytes(const RunConfig& run, std::int64_t sequences, std::int64_t longest) {
    return PassBytes(CpuPlace(), tiny(), run, 1, longest).of(sequences);
}

// A control group kills where memory runs out: nothing throws, so that nobody could back off.
TEST(AdaptiveBatch, TakesNoMoreThanTheRoomHolds) {
    const auto all = many_prompts(12, 100);
    const auto expected = one_by_one(all, 8);
    const auto bytes_of = [](std::int64_t sequences) {
        return sequences * contiguous_kv_bytes(tiny().config, KvStorage::f32, 192) +
               pass_bytes({}, sequences, 112);
    };
    constexpr std::int64_t kSpare = std::int64_t{32} << 20;
    for (const std::int64_t fit : {2, 3}) {
        const std::int64_t before = buffers.live, most = bytes_of(fit) + 4096;
        buffers.most = before;
        const GenerationTimings timings =
            adaptive(all, 8, 8, [=] { return kSpare + most - (buffers.live - before); });
        EXPECT_GE(timings.largest_batch, 2);    // is always tried where there is room
        EXPECT_LE(timings.largest_batch, fit);  // fewer where more were no faster
        EXPECT_LE(buffers.most - before, most);
        EXPECT_EQ(timings.tokens, expected);
    }
}

// Prompts that come together make larger passes, of which short prompts' keys and values are the
// lesser part.
TEST(AdaptiveBatch, CountsWhatALargerPassNeeds) {
    const std::int64_t one = pass_bytes({}, 1, 112);
    EXPECT_GT(pass_bytes({}, 4, 112), 3 * one);
    RunConfig chunked;
    chunked.prefill_chunk = 64;
    EXPECT_LT(pass_bytes(chunked, 4, 112), 2 * one);
    EXPECT_GT(one, contiguous_kv_bytes(tiny().config, KvStorage::f32, 112));
}

TEST(AdaptiveBatch, BacksOffWhereMemoryRunsOutAndFailsNobody) {
    const auto all = many_prompts(6, 600);
    const auto expected = one_by_one(all, 8);
    buffers.most = buffers.live.load();
    adaptive(all, 1, 8, {});
    // One sequence fits, and half of another one's cache.
    buffers.limit = buffers.most + contiguous_kv_bytes(tiny().config, KvStorage::f32, 604 + 8) / 2;
    const GenerationTimings timings = adaptive(all, 8, 8, {});
    buffers.limit = std::numeric_limits<std::int64_t>::max();
    EXPECT_GT(timings.backed_off, 0);
    EXPECT_EQ(timings.tokens, expected);
}

TEST(AdaptiveBatch, SaysSoWhereNotEvenOneSequenceFits) {
    buffers.limit = buffers.live + 1000;
    EXPECT_THROW(adaptive(many_prompts(3, 600), 8, 8, {}), std::bad_alloc);
    buffers.limit = std::numeric_limits<std::int64_t>::max();
}

TEST(Generation, PromptsOfLikeLengthShareABatchWithLessPadding) {
    std::vector<std::vector<TokenId>> all;
    for (int i = 0; i < 12; ++i) all.emplace_back(static_cast<std::size_t>(i % 2 == 0 ? 4 : 20), 7);
    const auto timings_of = [&all](bool buckets) {
        kernels::ThreadPool pool(2);
        RunConfig config;
        config.batch_size = 6;
        config.length_buckets = buckets;
        Runtime runtime(tiny(), config, pool, 6, 32);
        Sampler sampler(0, 1);
        return run_generation(runtime, all, 4, sampler, {});
    };
    const GenerationTimings unsorted = timings_of(false), sorted = timings_of(true);
    EXPECT_EQ(unsorted.padding_positions, 2 * 3 * 16);
    EXPECT_EQ(unsorted.batch_positions, 12 * 20);
    EXPECT_EQ(sorted.padding_positions, 0);
    EXPECT_EQ(sorted.tokens, unsorted.tokens);
}

}  // namespace
}  // namespace hone
