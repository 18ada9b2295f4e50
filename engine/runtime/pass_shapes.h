// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/runtime/run_config.h"

namespace hone {

// The most rows that go through the layers together where every sequence of a batch adds at least
// one.
std::int64_t pass_limit(const RunConfig& config, std::int64_t sequences);

// New tokens of one sequence in a pass, the last `wanted` of which need logits.
struct Stretch {
    std::int64_t position, tokens, wanted;
};
using PassShape = std::vector<Stretch>;
std::int64_t tokens_of(const PassShape& pass);

// The passes that a runtime takes prompts of so many tokens through, computed together: at most
// pass_limit() rows each, neighbouring prompts share one, a long one spans several. Without a cache
// it is one.
std::vector<PassShape> prompt_passes(const RunConfig& run, std::span<const std::int64_t> prompts);

// The pass that extends sequences by one token each; `lengths` is what they hold before it.
PassShape decode_pass(const RunConfig& run, std::span<const std::int64_t> lengths);

}  // namespace hone
