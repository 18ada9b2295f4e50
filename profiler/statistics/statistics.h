// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

// Bad arguments (paired samples of unequal number, a ratio of samples that are not positive) throw
// std::invalid_argument.
namespace hone::profiler {

struct Summary {
    std::int64_t n = 0;
    double mean = 0, sd = 0;  // sample standard deviation (n−1)
    double min = 0, p50 = 0, p90 = 0, p99 = 0, max = 0;
    double low = 0,
           high = 0;  // 95 % confidence interval of the mean (Student's t); mean where n < 2
};
Summary summarize(std::span<const double> samples);

double student_t_quantile(double probability, double degrees_of_freedom);

// An estimate with its confidence interval, which has no width where n < 2: nothing is known of it
// then, and there is no verdict.
struct Estimate {
    double value = 0, low = 0, high = 0;
    std::int64_t n = 0;
};

// Ratio candidate/baseline of paired positive samples: exp of the mean log ratio with Student's t
// interval. Many pairs are averaged into kBlocks blocks of neighbours first, and the interval is
// that of the blocks' means: a machine's moods outlast a repetition, so neighbours are alike and
// tell less than as many independent pairs would (batch means; Law, Simulation Modeling and
// Analysis, section 9.5.3).
inline constexpr std::size_t kBlocks = 16;
Estimate paired_ratio(std::span<const double> baseline, std::span<const double> candidate,
                      double confidence = 0.95);
// Mean of candidate − baseline.
Estimate paired_difference(std::span<const double> baseline, std::span<const double> candidate,
                           double confidence = 0.95);
// Ratio of means of independent samples (Welch, on logarithms): for runs that were not interleaved.
Estimate unpaired_ratio(std::span<const double> baseline, std::span<const double> candidate,
                        double confidence = 0.95);

enum class Direction : std::uint8_t { higher_is_better, lower_is_better };
enum class Kind : std::uint8_t { speed, accuracy, memory };

// What is said of a kind of figure, and the arrows before the words: a smaller memory points down
// though it is good.
struct VerdictWords {
    std::string_view good, bad, good_arrow, bad_arrow;
};
const VerdictWords& verdict_words(Kind kind);

// What may be said of a ratio: from its 99 % interval, "faster"/"slower" (speed), "better"/"worse"
// (accuracy), "smaller"/"larger" (memory), else "cannot tell".
std::string_view verdict(Kind kind, Direction direction, const Estimate& ratio99);

// Perplexity from window sums: exp(Σnll/Σscored), interval by a t interval over window means (delta
// method).
Estimate perplexity(std::span<const double> nll_sums, std::span<const double> scored,
                    double confidence = 0.95);
// Ratio of perplexities paired by window.
Estimate perplexity_ratio(std::span<const double> baseline_nll,
                          std::span<const double> candidate_nll, std::span<const double> scored,
                          double confidence = 0.95);
// Weighted mean over windows (KL per token, agreement share), interval by window.
Estimate window_mean(std::span<const double> sums, std::span<const double> scored,
                     double confidence = 0.95);

// Warm-up is over when the last three agree within `tolerance` (max/min − 1).
bool is_steady(std::span<const double> samples, double tolerance = 0.03);

}  // namespace hone::profiler
