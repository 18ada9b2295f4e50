// SPDX-License-Identifier: Apache-2.0
#include "profiler/statistics/statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <vector>

namespace hone::profiler {
namespace {

double mean_of(std::span<const double> values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// Σ(x − mean)²/(n−1); two passes, so that large offsets cost no digits.
double variance_of(std::span<const double> values, double mean) {
    double sum = 0;
    for (const double v : values) sum += (v - mean) * (v - mean);
    return sum / static_cast<double>(values.size() - 1);
}

// Linear interpolation between the order statistics around (n−1)·share.
double percentile(std::span<const double> sorted, double share) {
    const double position = share * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<std::size_t>(position);
    const std::size_t above = std::min(below + 1, sorted.size() - 1);
    return sorted[below] +
           (position - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

double two_sided_t(double confidence, double degrees) {
    return student_t_quantile(0.5 + confidence / 2, degrees);
}

void require_same_length(std::span<const double> a, std::span<const double> b) {
    if (a.size() != b.size()) throw std::invalid_argument("paired samples must be equally many");
}

std::vector<double> logarithms(std::span<const double> values) {
    std::vector<double> result;
    result.reserve(values.size());
    for (const double v : values) {
        if (!(v > 0)) throw std::invalid_argument("a ratio needs positive samples");
        result.push_back(std::log(v));
    }
    return result;
}

Estimate mean_estimate(std::span<const double> values, double confidence) {
    if (values.empty()) return {};
    Estimate result;
    result.n = static_cast<std::int64_t>(values.size());
    result.value = mean_of(values);
    double half = 0;
    if (values.size() > 1) {
        const double n = static_cast<double>(values.size());
        half = two_sided_t(confidence, n - 1) * std::sqrt(variance_of(values, result.value) / n);
    }
    result.low = result.value - half;
    result.high = result.value + half;
    return result;
}

// The mean of all values; the interval from the means of kBlocks stretches of neighbours where
// there are two or more for each.
Estimate blocked_mean_estimate(std::span<const double> values, double confidence) {
    Estimate result = mean_estimate(values, confidence);
    if (values.size() < 2 * kBlocks) return result;
    std::vector<double> means;
    for (std::size_t block = 0; block < kBlocks; ++block) {
        const std::size_t begin = block * values.size() / kBlocks,
                          end = (block + 1) * values.size() / kBlocks;
        means.push_back(mean_of(values.subspan(begin, end - begin)));
    }
    const Estimate blocks = mean_estimate(means, confidence);
    result.low = result.value - (blocks.value - blocks.low);
    result.high = result.value + (blocks.high - blocks.value);
    return result;
}

Estimate exponential(Estimate e) {
    if (e.n == 0) return e;
    e.value = std::exp(e.value);
    e.low = std::exp(e.low);
    e.high = std::exp(e.high);
    return e;
}

// Σsums/Σweights. Its variance is that of the residuals sums − mean·weights (the delta method for a
// ratio of totals), which for equal weights is the ordinary variance of the mean of the windows'
// means.
Estimate ratio_of_totals(std::span<const double> sums, std::span<const double> weights,
                         double confidence) {
    require_same_length(sums, weights);
    const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
    if (sums.empty() || !(total > 0)) return {};
    Estimate result;
    result.n = static_cast<std::int64_t>(sums.size());
    result.value = std::accumulate(sums.begin(), sums.end(), 0.0) / total;
    double half = 0;
    if (sums.size() > 1) {
        double squares = 0;
        for (std::size_t i = 0; i < sums.size(); ++i) {
            const double residual = sums[i] - result.value * weights[i];
            squares += residual * residual;
        }
        const double n = static_cast<double>(sums.size());
        half = two_sided_t(confidence, n - 1) * std::sqrt(squares * n / (n - 1)) / total;
    }
    result.low = result.value - half;
    result.high = result.value + half;
    return result;
}

}  // namespace

Summary summarize(std::span<const double> samples) {
    Summary result;
    if (samples.empty()) return result;
    std::vector<double> sorted(samples.begin(), samples.end());
    std::sort(sorted.begin(), sorted.end());
    const Estimate mean = mean_estimate(samples, 0.95);
    result.n = mean.n;
    result.mean = mean.value;
    result.low = mean.low;
    result.high = mean.high;
    result.sd = samples.size() > 1 ? std::sqrt(variance_of(samples, mean.value)) : 0;
    result.min = sorted.front();
    result.p50 = percentile(sorted, 0.50);
    result.p90 = percentile(sorted, 0.90);
    result.p99 = percentile(sorted, 0.99);
    result.max = sorted.back();
    return result;
}

Estimate paired_ratio(std::span<const double> baseline, std::span<const double> candidate,
                      double confidence) {
    require_same_length(baseline, candidate);
    const std::vector<double> from = logarithms(baseline);
    std::vector<double> ratios = logarithms(candidate);
    for (std::size_t i = 0; i < ratios.size(); ++i) ratios[i] -= from[i];
    return exponential(blocked_mean_estimate(ratios, confidence));
}

Estimate paired_difference(std::span<const double> baseline, std::span<const double> candidate,
                           double confidence) {
    require_same_length(baseline, candidate);
    std::vector<double> differences(candidate.begin(), candidate.end());
    for (std::size_t i = 0; i < differences.size(); ++i) differences[i] -= baseline[i];
    return mean_estimate(differences, confidence);
}

Estimate unpaired_ratio(std::span<const double> baseline, std::span<const double> candidate,
                        double confidence) {
    if (baseline.empty() || candidate.empty()) return {};
    const std::vector<double> a = logarithms(baseline), b = logarithms(candidate);
    const double mean_a = mean_of(a), mean_b = mean_of(b);
    Estimate result;
    result.n = static_cast<std::int64_t>(std::min(a.size(), b.size()));
    result.value = mean_b - mean_a;
    double half = 0;
    if (a.size() > 1 && b.size() > 1) {
        const double na = static_cast<double>(a.size()), nb = static_cast<double>(b.size());
        const double va = variance_of(a, mean_a) / na, vb = variance_of(b, mean_b) / nb;
        if (va + vb > 0) {
            // Welch and Satterthwaite's degrees of freedom.
            const double degrees =
                (va + vb) * (va + vb) / (va * va / (na - 1) + vb * vb / (nb - 1));
            half = two_sided_t(confidence, degrees) * std::sqrt(va + vb);
        }
    }
    result.low = result.value - half;
    result.high = result.value + half;
    return exponential(result);
}

const VerdictWords& verdict_words(Kind kind) {
    static constexpr VerdictWords kSpeed{"faster", "slower", "▲", "▼"},
        kAccuracy{"better", "worse", "▲", "▼"}, kMemory{"smaller", "larger", "▼", "▲"};
    return kind == Kind::speed ? kSpeed : kind == Kind::accuracy ? kAccuracy : kMemory;
}

std::string_view verdict(Kind kind, Direction direction, const Estimate& ratio99) {
    constexpr std::string_view undecided = "cannot tell";
    if (ratio99.n < 2) return undecided;
    const bool above = ratio99.low > 1, below = ratio99.high < 1;
    if (!above && !below) return undecided;
    // Memory is never better by being more.
    const bool good = above == (direction == Direction::higher_is_better && kind != Kind::memory);
    return good ? verdict_words(kind).good : verdict_words(kind).bad;
}

Estimate perplexity(std::span<const double> nll_sums, std::span<const double> scored,
                    double confidence) {
    return exponential(ratio_of_totals(nll_sums, scored, confidence));
}

Estimate perplexity_ratio(std::span<const double> baseline_nll,
                          std::span<const double> candidate_nll, std::span<const double> scored,
                          double confidence) {
    require_same_length(baseline_nll, candidate_nll);
    std::vector<double> differences(candidate_nll.begin(), candidate_nll.end());
    for (std::size_t i = 0; i < differences.size(); ++i) differences[i] -= baseline_nll[i];
    return exponential(ratio_of_totals(differences, scored, confidence));
}

Estimate window_mean(std::span<const double> sums, std::span<const double> scored,
                     double confidence) {
    return ratio_of_totals(sums, scored, confidence);
}

bool is_steady(std::span<const double> samples, double tolerance) {
    if (samples.size() < 3) return false;
    const auto [low, high] = std::minmax_element(samples.end() - 3, samples.end());
    return *low > 0 && *high / *low - 1 <= tolerance;
}

}  // namespace hone::profiler
