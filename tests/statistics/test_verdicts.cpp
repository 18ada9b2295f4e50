// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "profiler/statistics/statistics.h"

namespace hone::profiler {
namespace {

constexpr auto up = Direction::higher_is_better;
constexpr auto down = Direction::lower_is_better;

TEST(Verdict, NamesWhatTheIntervalShows) {
    const Estimate above{1.1, 1.05, 1.15, 7}, below{0.9, 0.85, 0.95, 7},
        across{1.01, 0.99, 1.03, 7};
    EXPECT_EQ(verdict(Kind::speed, up, above), "faster");
    EXPECT_EQ(verdict(Kind::speed, up, below), "slower");
    EXPECT_EQ(verdict(Kind::speed, down, above), "slower");
    EXPECT_EQ(verdict(Kind::speed, down, below), "faster");
    EXPECT_EQ(verdict(Kind::accuracy, down, above), "worse");
    EXPECT_EQ(verdict(Kind::accuracy, down, below), "better");
    EXPECT_EQ(verdict(Kind::accuracy, up, above), "better");
    EXPECT_EQ(verdict(Kind::memory, down, above), "larger");
    EXPECT_EQ(verdict(Kind::memory, down, below), "smaller");
    for (const Kind kind : {Kind::speed, Kind::accuracy, Kind::memory})
        EXPECT_EQ(verdict(kind, down, across), "cannot tell");
}

TEST(Verdict, OfOneSampleOrATouchingIntervalIsUndecided) {
    EXPECT_EQ(verdict(Kind::speed, up, Estimate{2, 2, 2, 1}), "cannot tell");
    EXPECT_EQ(verdict(Kind::speed, up, Estimate{1.1, 1.0, 1.2, 5}), "cannot tell");
    EXPECT_EQ(verdict(Kind::speed, up, Estimate{}), "cannot tell");
}

// Repetitions as a busy desktop gives them: log-normal noise, slow drift shared by neighbours, and
// now and then a hiccup that costs several per cent.
class Machine {
public:
    explicit Machine(std::uint64_t seed) : random_(seed) {}

    double repetition(double tokens_per_second, double noise) {
        drift_ += 0.002 * normal_(random_);
        double speed = tokens_per_second * std::exp(drift_ + noise * normal_(random_));
        if (uniform_(random_) < 0.03) speed *= 1 - 0.08 * uniform_(random_);
        return speed;
    }

private:
    std::mt19937_64 random_;
    std::normal_distribution<double> normal_;
    std::uniform_real_distribution<double> uniform_{0, 1};
    double drift_ = 0;
};

std::string_view simulated(std::uint64_t seed, int repetitions, double factor) {
    Machine machine(seed);
    std::vector<double> baseline, candidate;
    for (int i = 0; i < repetitions; ++i) {
        const bool swapped = i % 2 == 1;
        const double first = machine.repetition(swapped ? 100 * factor : 100, 0.01);
        const double second = machine.repetition(swapped ? 100 : 100 * factor, 0.01);
        baseline.push_back(swapped ? second : first);
        candidate.push_back(swapped ? first : second);
    }
    return verdict(Kind::speed, up, paired_ratio(baseline, candidate, 0.99));
}

// The 99 % interval is wrong in 1 % of comparisons by construction; 20 of 1000 is three standard
// deviations above.
TEST(Verdict, OfAModelAgainstItselfIsSeldomWrong) {
    for (const int repetitions : {5, 7, 15}) {
        int wrong = 0;
        for (std::uint64_t seed = 1; seed <= 1000; ++seed)
            wrong += simulated(seed * 7919 + static_cast<std::uint64_t>(repetitions), repetitions,
                               1.0) != "cannot tell";
        EXPECT_LE(wrong, 20) << repetitions << " repetitions";
    }
}

// A machine's mood that outlasts a repetition and spares the other side's: each pair leans as the
// one before it did.
TEST(Verdict, OfAModelAgainstItselfIsSeldomWrongWhereNeighboursAreAlike) {
    int wrong = 0;
    for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
        std::mt19937_64 random(seed);
        std::normal_distribution<double> noise(0, 0.05);
        std::vector<double> baseline, candidate;
        double lean = 0;
        for (int i = 0; i < 160; ++i) {
            lean = 0.5 * lean + noise(random);
            baseline.push_back(100);
            candidate.push_back(100 * std::exp(lean));
        }
        wrong += verdict(Kind::speed, up, paired_ratio(baseline, candidate, 0.99)) != "cannot tell";
    }
    EXPECT_LE(wrong, 30);  // some 130 with an interval of the pairs themselves
}

TEST(Verdict, FindsASlowdownOfFivePerCent) {
    int found = 0, reversed = 0;
    for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
        const std::string_view word = simulated(seed, 10, 0.95);
        found += word == "slower";
        reversed += word == "faster";
    }
    EXPECT_GE(found, 950);
    EXPECT_EQ(reversed, 0);
}

TEST(Verdict, FindsAnImprovementWithTheIntervalsCoverage) {
    int covered = 0;
    for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
        std::mt19937_64 random(seed);
        std::normal_distribution<double> noise(0, 0.01);
        std::vector<double> baseline, candidate;
        for (int i = 0; i < 7; ++i) {
            baseline.push_back(100 * std::exp(noise(random)));
            candidate.push_back(120 * std::exp(noise(random)));
        }
        const Estimate ratio = paired_ratio(baseline, candidate, 0.95);
        covered += ratio.low <= 1.2 && 1.2 <= ratio.high;
    }
    // 950 expected, standard deviation 6.9.
    EXPECT_NEAR(covered, 950, 21);
}

}  // namespace
}  // namespace hone::profiler
