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
    double prefill_seconds =
        0;  // time in forward passes over prompt tokens, including the first sample
    double decode_seconds = 0;  // time in forward passes that extend every sequence by one
    std::int64_t prompt_tokens = 0,
                 decoded_tokens = 0;  // decoded_tokens excludes each sequence's first
    double total_seconds = 0;
    std::int64_t largest_batch = 0;  // sequences that were extended together
    std::int64_t reordered = 0;      // prompts that were taken out of turn
    std::int64_t backed_off = 0;     // sequences that had to wait again because memory ran out
    // What rectangular batches of the same groups would hold beyond the prompts, and in all:
    // positions.
    std::int64_t padding_positions = 0, batch_positions = 0;
};

// Bytes that may still be allocated.
using MemoryRoom = std::function<std::int64_t()>;

// Called after each forward pass with the seconds it took, within the time that is measured.
using AfterPass = std::function<void(double seconds)>;

// Runs `prompts` to `generate` tokens each, ignoring end-of-generation tokens (a benchmark). Clears
// the sequences first. Fixed batching: config().batch_size sequences at a time; the next group
// starts when one is done. Adaptive batching: a sequence joins whenever there is room. The batch
// starts at one and doubles while that raises the decoded tokens per second by 5 %, up to
// config().batch_size; then the best size is kept. A sequence joins only where `room` holds what
// all that run will still need; where memory runs out all the same, the latest one waits again and
// is computed anew later (recomputation as in PagedAttention, arXiv 2309.06180, section 4.5). Only
// a single sequence that does not fit throws.
GenerationTimings run_generation(Runtime& runtime, std::span<const std::vector<TokenId>> prompts,
                                 std::int64_t generate, Sampler& sampler, const Progress& progress,
                                 const MemoryRoom& room = {}, const AfterPass& after_pass = {});

}  // namespace hone
