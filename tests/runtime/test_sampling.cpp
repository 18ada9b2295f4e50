// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "engine/core/error.h"
#include "engine/runtime/sampling.h"

namespace hone {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(Sampler, GreedyTakesTheLargestAndTheLowestIdOfATie) {
    Sampler greedy(0, 1);
    EXPECT_EQ(greedy.sample(std::vector<float>{-3, 2, 5, 5, 1}), 2);
    EXPECT_EQ(greedy.sample(std::vector<float>{-3}), 0);
    EXPECT_EQ(greedy.sample(std::vector<float>{-kInfinity, -2}), 1);
    EXPECT_THROW(greedy.sample(std::vector<float>{kNan, 1, 2}), Error);
    EXPECT_THROW(Sampler(1, 1).sample(std::vector<float>{1, 2, kNan}), Error);
    EXPECT_EQ(greedy.sample(std::vector<float>{-INFINITY, 1, 2}), 2) << "a token that cannot be";
}

TEST(Sampler, RefusesAnOutputThatIsNotFinite) {
    Sampler greedy(0, 1);
    EXPECT_THROW(greedy.sample(std::vector<float>{kNan, kNan}), Error);
    EXPECT_THROW(greedy.sample(std::vector<float>{1, kInfinity}), Error);
    EXPECT_THROW(greedy.sample(std::vector<float>{}), Error);
}

TEST(Sampler, RefusesATemperatureBelowZero) {
    EXPECT_THROW(Sampler(-0.1, 1), Error);
    EXPECT_THROW(Sampler(std::nan(""), 1), Error);
}

TEST(Sampler, TheSameSeedGivesTheSameTokens) {
    const std::vector<float> logits{0.1F, 0.5F, -0.2F, 0.9F, 0.3F};
    const auto draw = [&](std::uint64_t seed) {
        Sampler sampler(1.0, seed);
        std::vector<TokenId> ids;
        for (int i = 0; i < 64; ++i) ids.push_back(sampler.sample(logits));
        return ids;
    };
    EXPECT_EQ(draw(7), draw(7));
    EXPECT_NE(draw(7), draw(8));
}

// std::mt19937_64's outputs are fixed by the standard, so that these are the tokens on every
// machine.
TEST(Sampler, DrawsAreThoseOfTheInverseDistribution) {
    std::mt19937_64 random(42);
    Sampler sampler(1.0, 42);
    const std::vector<float> even(8, 1.5F);
    for (int i = 0; i < 100; ++i) {
        const double uniform = static_cast<double>(random() >> 11U) * 0x1.0p-53;
        EXPECT_EQ(sampler.sample(even), static_cast<TokenId>(uniform * 8));
    }
}

TEST(Sampler, FrequenciesFollowTheTemperature) {
    const std::vector<float> logits{0, 1, 2};
    for (const double temperature : {0.5, 1.0, 2.0}) {
        Sampler sampler(temperature, 3);
        std::vector<double> share(3);
        constexpr int kDraws = 20000;
        for (int i = 0; i < kDraws; ++i)
            share[static_cast<std::size_t>(sampler.sample(logits))] += 1.0 / kDraws;
        double sum = 0;
        for (int i = 0; i < 3; ++i) sum += std::exp(i / temperature);
        // Four standard deviations of a share of a half.
        for (int i = 0; i < 3; ++i)
            EXPECT_NEAR(share[static_cast<std::size_t>(i)], std::exp(i / temperature) / sum, 0.015)
                << temperature;
    }
}

TEST(Sampler, AVeryLowTemperatureIsGreedy) {
    Sampler sampler(1e-6, 5);
    for (int i = 0; i < 20; ++i) EXPECT_EQ(sampler.sample(std::vector<float>{1, 3, 2.99F}), 1);
}

}  // namespace
}  // namespace hone
