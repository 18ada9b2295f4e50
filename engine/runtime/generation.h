// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "engine/runtime/runtime.h"
#include "engine/runtime/sampling.h"

namespace hone {

// What a repetition measured. Times are seconds on the steady clock from the repetition's start.
struct GenerationTimings {
    std::vector<std::vector<double>>
        token_times;  // [sequence][generated token]: when it was there; [s][0] ends the prefill
    std::vector<std::vector<TokenId>> tokens;  // [sequence][generated]
    double prefill_seconds = 0;  // time in forward passes over prompt tokens, including the first sample
    double decode_seconds = 0;   // time in forward passes that extend every sequence by one
    std::int64_t prompt_tokens = 0, decoded_tokens = 0;  // decoded_tokens excludes each sequence's first
    double total_seconds = 0;
};

// Runs `prompts` to `generate` tokens each, config().batch_size sequences at a time (the next group starts when one is done),
// ignoring end-of-generation tokens (a benchmark). Clears the sequences first.
GenerationTimings run_generation(Runtime& runtime, std::span<const std::vector<TokenId>> prompts,
                                 std::int64_t generate, Sampler& sampler, const Progress& progress);

}  // namespace hone
