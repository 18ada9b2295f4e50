// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/sampling.h"

#include <algorithm>
#include <cmath>

#include "engine/core/error.h"

namespace hone {
namespace {

// The largest logit's id, the lowest where several are equal. A NaN anywhere is no output to choose
// from: what else the model would have put out is not known.
std::size_t greatest(std::span<const float> logits) {
    std::size_t best = logits.size(), not_numbers = 0;
    float value = -INFINITY;
    for (std::size_t i = 0; i < logits.size(); ++i) {
        not_numbers += std::isnan(logits[i]) ? 1 : 0;
        if (logits[i] > value) {
            value = logits[i];
            best = i;
        }
    }
    if (not_numbers > 0 || best == logits.size() || !std::isfinite(value))
        throw Error({.message = {},
                     .file = {},
                     .field = "logits",
                     .found = not_numbers > 0
                                  ? std::to_string(not_numbers) + " of " +
                                        std::to_string(logits.size()) + " that are no numbers"
                                  : "an infinity",
                     .expected = "finite ones to choose a token by",
                     .fault = Fault::damaged,
                     .summary = "The model's output is not finite.",
                     .action = "Its weights hold NaN or infinite values, or values too large."});
    return best;
}

}  // namespace

Sampler::Sampler(double temperature, std::uint64_t seed)
    : temperature_(temperature), random_(seed) {
    if (!std::isfinite(temperature) || temperature < 0)
        throw Error({.message = {},
                     .file = {},
                     .field = "temperature",
                     .found = std::to_string(temperature),
                     .expected = "0 (greedy) or more"});
}

TokenId Sampler::sample(std::span<const float> logits) {
    const std::size_t best = greatest(logits);
    if (temperature_ == 0) return static_cast<TokenId>(best);
    // The largest weight is 1, so that the sum is at least 1 whatever the temperature.
    const double top = logits[best];
    const auto weight = [&](float logit) {
        return std::exp((static_cast<double>(logit) - top) / temperature_);
    };
    double sum = 0;
    for (const float logit : logits) sum += weight(logit);
    const double uniform = static_cast<double>(random_() >> 11U) * 0x1.0p-53;
    double left = uniform * sum;
    std::size_t last = best;
    for (std::size_t i = 0; i < logits.size(); ++i) {
        const double w = weight(logits[i]);
        if (w > 0) last = i;
        left -= w;
        if (left < 0) return static_cast<TokenId>(i);
    }
    return static_cast<TokenId>(last);  // rounding left a crumb
}

}  // namespace hone
