// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/generation.h"

#include <algorithm>
#include <chrono>

#include "engine/core/error.h"

namespace hone {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

// The sequences of prompts [first, first + count), computed together in slots 0, 1, …
class Group {
public:
    Group(Runtime& runtime, Sampler& sampler, GenerationTimings& timings, std::size_t first,
          std::size_t count)
        : runtime_(runtime), sampler_(sampler), timings_(timings), first_(first) {
        batch_.reserve(count);
    }

    void prefill(std::span<const std::vector<TokenId>> prompts, Clock::time_point start,
                 const Progress& progress) {
        const double begin = seconds_since(start);
        for (std::size_t i = 0; i < prompts.size(); ++i) {
            runtime_.clear(static_cast<int>(i));
            batch_.push_back({static_cast<int>(i), prompts[i]});
            timings_.prompt_tokens += static_cast<std::int64_t>(prompts[i].size());
        }
        extend(start, progress);
        timings_.prefill_seconds += seconds_since(start) - begin;
    }

    void decode(std::int64_t steps, Clock::time_point start, const Progress& progress) {
        const double begin = seconds_since(start);
        for (std::int64_t step = 0; step < steps; ++step) {
            for (std::size_t i = 0; i < batch_.size(); ++i)
                batch_[i].tokens = std::span(timings_.tokens[first_ + i]).last(1);
            extend(start, progress);
        }
        timings_.decode_seconds += seconds_since(start) - begin;
        timings_.decoded_tokens += steps * static_cast<std::int64_t>(batch_.size());
    }

private:
    // One forward pass over the batch and a token for each of its sequences.
    void extend(Clock::time_point start, const Progress& progress) {
        const std::span<const float> logits = runtime_.forward(batch_, progress);
        const std::size_t n_vocab = logits.size() / batch_.size();
        for (std::size_t i = 0; i < batch_.size(); ++i) {
            timings_.tokens[first_ + i].push_back(sampler_.sample(logits.subspan(i * n_vocab, n_vocab)));
            timings_.token_times[first_ + i].push_back(seconds_since(start));
        }
    }

    Runtime& runtime_;
    Sampler& sampler_;
    GenerationTimings& timings_;
    std::size_t first_;
    std::vector<SequenceInput> batch_;
};

}  // namespace

GenerationTimings run_generation(Runtime& runtime, std::span<const std::vector<TokenId>> prompts,
                                 std::int64_t generate, Sampler& sampler, const Progress& progress) {
    if (generate < 1)
        throw Error({.message = {},
                     .file = {},
                     .field = "tokens to generate",
                     .found = std::to_string(generate),
                     .expected = "at least 1"});
    GenerationTimings timings;
    timings.token_times.resize(prompts.size());
    timings.tokens.resize(prompts.size());
    for (std::size_t i = 0; i < prompts.size(); ++i) {
        timings.token_times[i].reserve(static_cast<std::size_t>(generate));
        timings.tokens[i].reserve(static_cast<std::size_t>(generate));
    }
    const auto together = static_cast<std::size_t>(runtime.config().batch_size);
    const Clock::time_point start = Clock::now();
    for (std::size_t first = 0; first < prompts.size(); first += together) {
        const std::size_t count = std::min(together, prompts.size() - first);
        Group group(runtime, sampler, timings, first, count);
        group.prefill(prompts.subspan(first, count), start, progress);
        group.decode(generate - 1, start, progress);
    }
    timings.total_seconds = seconds_since(start);
    return timings;
}

}  // namespace hone
