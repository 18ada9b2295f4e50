// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "profiler/report/shown_interval.h"

namespace hone::profiler {
namespace {

ShownInterval of(const std::vector<double>& samples) {
    const Summary s = summarize(samples);
    return shown_interval(MetricValue{s.mean, s.low, s.high, s.n, ""});
}

TEST(ShownInterval, OfTwoSamplesIsShownWhereTheyAreAlike) {
    const ShownInterval alike = of({100, 101});
    EXPECT_TRUE(alike.exists);
    EXPECT_FALSE(alike.too_few);
    EXPECT_NEAR(alike.low, 94.1, 0.1);
    EXPECT_NEAR(alike.high, 106.9, 0.1);
}

// 2e-40–6e+39 was printed of two windows of 200 nats.
TEST(ShownInterval, OfTwoSamplesThatDifferSaysThatTheyAreTooFew) {
    const Estimate perplexities = perplexity(std::vector{200.0, 900.0}, std::vector{255.0, 255.0});
    ASSERT_GT(perplexities.high, 1e6 * perplexities.value);
    for (const ShownInterval& shown :
         {shown_interval(perplexities), of({100, 140}), of({100, 101, 300}), of({0, 1e-9})}) {
        EXPECT_FALSE(shown.exists);
        EXPECT_TRUE(shown.too_few);
        EXPECT_EQ(shown.low, shown.high) << "a chart draws its ends";
    }
}

TEST(ShownInterval, IsNeverBelowNothing) {
    // A divergence of 16 windows, most of which hardly diverge: its upper end says something.
    std::vector<double> sums(16, 0.01);
    sums.back() = 1;
    const Estimate divergence = window_mean(sums, std::vector<double>(16, 255.0));
    ASSERT_LT(divergence.low, 0);
    const ShownInterval shown = shown_interval(divergence);
    EXPECT_TRUE(shown.exists);
    EXPECT_EQ(shown.low, 0);
    EXPECT_EQ(shown.high, divergence.high);
}

TEST(ShownInterval, IsNoneWithoutWidthOrEnds) {
    for (const Estimate& estimate : {Estimate{7, 7, 7, 1}, Estimate{0, 0, 0, 9},
                                     Estimate{1, 0.5, INFINITY, 2}, Estimate{1, NAN, 2, 2}}) {
        const ShownInterval shown = shown_interval(estimate);
        EXPECT_FALSE(shown.exists);
        EXPECT_FALSE(shown.too_few);
        EXPECT_EQ(shown.low, estimate.value);
    }
}

}  // namespace
}  // namespace hone::profiler
