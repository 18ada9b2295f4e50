// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <stdexcept>
#include <vector>

#include "profiler/statistics/statistics.h"

namespace hone::profiler {
namespace {

// Expected values of this file: numpy and scipy 1.x (t.interval, ttest_ind without equal
// variances), or by hand where said.
constexpr std::array kBaseline{103.2, 99.1, 101.7, 100.4, 98.8, 102.3, 100.9};
constexpr std::array kCandidate{108.1, 104.6, 106.2, 105.9, 103.0, 107.7, 105.1, 104.4};
constexpr std::array kNll{812.4, 790.2, 845.9, 701.3, 777.7};
constexpr double kClose = 1e-9;

std::span<const double> paired_candidate() {
    return std::span(kCandidate).first(kBaseline.size());
}

void expect_estimate(const Estimate& found, double value, double low, double high, std::int64_t n) {
    EXPECT_NEAR(found.value, value, kClose * std::abs(value));
    EXPECT_NEAR(found.low, low, 1e-8 * std::abs(low));
    EXPECT_NEAR(found.high, high, 1e-8 * std::abs(high));
    EXPECT_EQ(found.n, n);
}

TEST(Summarize, AgreesWithNumpy) {
    const Summary s = summarize(kBaseline);
    EXPECT_EQ(s.n, 7);
    EXPECT_NEAR(s.mean, 100.914285714, 1e-8);
    EXPECT_NEAR(s.sd, 1.62216786167, 1e-10);
    EXPECT_DOUBLE_EQ(s.min, 98.8);
    EXPECT_NEAR(s.p50, 100.9, 1e-12);
    EXPECT_NEAR(s.p90, 102.66, 1e-10);
    EXPECT_NEAR(s.p99, 103.146, 1e-10);
    EXPECT_DOUBLE_EQ(s.max, 103.2);
    EXPECT_NEAR(s.low, 99.4140306644, 1e-8);
    EXPECT_NEAR(s.high, 102.414540764, 1e-8);
}

// By hand: mean 2, sd 1, t(0.975, 2) = 4.302653, so 2 ± 4.302653/√3.
TEST(Summarize, AgreesWithHandComputation) {
    const Summary s = summarize(std::array{3.0, 1.0, 2.0});
    EXPECT_DOUBLE_EQ(s.mean, 2);
    EXPECT_DOUBLE_EQ(s.sd, 1);
    EXPECT_DOUBLE_EQ(s.p50, 2);
    EXPECT_NEAR(s.high - s.mean, 4.302652730 / std::sqrt(3.0), 1e-8);
    EXPECT_NEAR(s.mean - s.low, 4.302652730 / std::sqrt(3.0), 1e-8);
}

TEST(Summarize, OfOneAndOfNothing) {
    const Summary one = summarize(std::array{4.5});
    EXPECT_EQ(one.n, 1);
    EXPECT_EQ(one.low, 4.5);
    EXPECT_EQ(one.high, 4.5);
    EXPECT_EQ(one.sd, 0);
    EXPECT_EQ(summarize({}).n, 0);
}

TEST(PairedRatio, AgreesWithScipy) {
    expect_estimate(paired_ratio(kBaseline, paired_candidate()), 1.04840436299, 1.04296108497,
                    1.05387604981, 7);
    expect_estimate(paired_ratio(kBaseline, paired_candidate(), 0.99), 1.04840436299, 1.04016804213,
                    1.05670590117, 7);
}

// By hand: log ratios are all ln 2, so the ratio is 2 and its interval has no width.
TEST(PairedRatio, OfAConstantFactorIsExact) {
    const Estimate e = paired_ratio(std::array{1.0, 2.0, 8.0}, std::array{2.0, 4.0, 16.0});
    EXPECT_NEAR(e.value, 2, 1e-12);
    EXPECT_NEAR(e.low, 2, 1e-12);
    EXPECT_NEAR(e.high, 2, 1e-12);
}

TEST(PairedRatio, RefusesUnequalNumbersAndZeros) {
    EXPECT_THROW(paired_ratio(kBaseline, kCandidate), std::invalid_argument);
    EXPECT_THROW(paired_ratio(std::array{1.0}, std::array{0.0}), std::invalid_argument);
    EXPECT_THROW(paired_ratio(std::array{-1.0}, std::array{1.0}), std::invalid_argument);
    EXPECT_THROW(unpaired_ratio(std::array{std::nan("")}, std::array{1.0}), std::invalid_argument);
}

TEST(PairedDifference, AgreesWithScipy) {
    expect_estimate(paired_difference(kBaseline, paired_candidate()), 4.88571428571, 4.33745267466,
                    5.43397589677, 7);
}

TEST(UnpairedRatio, AgreesWithWelch) {
    expect_estimate(unpaired_ratio(kBaseline, kCandidate), 1.04667587056, 1.02791900198,
                    1.06577500359, 7);
}

TEST(UnpairedRatio, OfConstantsHasNoWidth) {
    const Estimate e = unpaired_ratio(std::array{2.0, 2.0}, std::array{3.0, 3.0, 3.0});
    EXPECT_NEAR(e.value, 1.5, 1e-12);
    EXPECT_NEAR(e.low, 1.5, 1e-12);
    EXPECT_NEAR(e.high, 1.5, 1e-12);
}

TEST(Perplexity, OfEqualWindowsIsTheIntervalOfTheirMeans) {
    expect_estimate(perplexity(kNll, std::array{255.0, 255.0, 255.0, 255.0, 255.0}), 21.7669367763,
                    16.7567936211, 28.275071433, 5);
}

TEST(Perplexity, RatioIsPairedByWindow) {
    std::vector<double> candidate(kNll.begin(), kNll.end());
    const std::array more{3.1, 2.2, 4.4, 1.0, 2.9};
    for (std::size_t i = 0; i < candidate.size(); ++i) candidate[i] += more[i];
    expect_estimate(
        perplexity_ratio(kNll, candidate, std::array{255.0, 255.0, 255.0, 255.0, 255.0}, 0.99),
        1.01072375837, 1.00059141618, 1.02095870423, 5);
}

TEST(WindowMean, WeighsWindowsByWhatTheyScore) {
    expect_estimate(window_mean(kNll, std::array{511.0, 256.0, 256.0, 256.0, 120.0}), 2.80736240172,
                    1.08435569505, 4.53036910838, 5);
    // By hand: (1·10 + 4·30)/(10 + 30) with per-token means 0.1 and 0.4 is not their plain mean.
    EXPECT_NEAR(window_mean(std::array{1.0, 12.0}, std::array{10.0, 30.0}).value, 0.325, 1e-12);
}

TEST(WindowMean, OfNothingIsEmpty) {
    EXPECT_EQ(window_mean({}, {}).n, 0);
    EXPECT_EQ(window_mean(std::array{0.0}, std::array{0.0}).n, 0);
    EXPECT_EQ(perplexity({}, {}).value, 0);
}

TEST(Steady, LooksAtTheLastThree) {
    EXPECT_FALSE(is_steady(std::array{100.0, 100.0}));
    EXPECT_TRUE(is_steady(std::array{60.0, 100.0, 101.0, 102.9}));
    EXPECT_FALSE(is_steady(std::array{100.0, 100.0, 100.0, 103.1}));
    EXPECT_TRUE(is_steady(std::array{100.0, 102.9, 100.0}));
    EXPECT_FALSE(is_steady(std::array{0.0, 0.0, 0.0}));
}

}  // namespace
}  // namespace hone::profiler
