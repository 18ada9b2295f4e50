// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <random>
#include <span>

#include "engine/tokenizer/tokenizer.h"

namespace hone {

// Picks the next token from logits [n_vocab]. temperature 0 is greedy (the lowest id wins a tie).
// Seeded: the same seed and logits give the same tokens on every machine (own inverse-CDF draw from
// std::mt19937_64, no standard distributions).
class Sampler {
public:
    Sampler(double temperature, std::uint64_t seed);
    // Throws Error where a logit is no number, or the largest is infinite.
    TokenId sample(std::span<const float> logits);

private:
    double temperature_;
    std::mt19937_64 random_;
};

}  // namespace hone
