// SPDX-License-Identifier: Apache-2.0
#include "profiler/report/shown_ratio.h"

#include <fmt/format.h>

#include <cmath>

#include "profiler/statistics/metrics.h"

namespace hone::profiler {
namespace {

constexpr int kDigits = 3, kMostDigits = 12;

std::string with_thousands(std::string digits) {
    for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
        digits.insert(static_cast<std::size_t>(at), ",");
    return digits;
}

// A value ≥ 0 to so many significant digits, whole numbers with all of theirs.
std::string rounded(double value, int digits) {
    if (value == 0) return "0";
    const int magnitude = static_cast<int>(std::floor(std::log10(value)));
    if (magnitude >= digits - 1) {
        std::string whole = fmt::format("{:.0f}", value);
        return whole.size() > 15 ? fmt::format("{:.2e}", value) : with_thousands(std::move(whole));
    }
    if (magnitude < -4) return fmt::format("{:.2e}", value);
    const int decimals = digits - 1 - magnitude;
    // 9.9999 becomes 10.0, not 10.00.
    const bool longer = std::round(value * std::pow(10, decimals)) >= std::pow(10, digits);
    return fmt::format("{:.{}f}", value, longer ? decimals - 1 : decimals);
}

// More digits where three would say that there is no difference: 1.0004 is not 1.
std::string factor_text(double factor) {
    int digits = kDigits;
    while (digits < kMostDigits && factor != 1 && std::stod(rounded(factor, digits)) == 1) ++digits;
    return rounded(factor, digits);
}

std::string signed_text(double percent) {
    if (percent == 0) return "0";
    return (percent < 0 ? "−" : "+") + rounded(std::abs(percent), kDigits);
}

// Both ends at once: turning the ratio round turns its interval round.
void set_factor(ShownRatio& shown, const Estimate& ratio, bool inverse) {
    shown.form = ShownRatio::Form::factor;
    shown.value = inverse ? 1 / ratio.value : ratio.value;
    shown.low = inverse ? 1 / ratio.high : ratio.low;
    shown.high = inverse ? 1 / ratio.low : ratio.high;
    shown.estimate = factor_text(shown.value) + " ×";
    if (shown.high > shown.low)
        shown.interval = factor_text(shown.low) + "–" + factor_text(shown.high) + " ×";
}

void set_percent(ShownRatio& shown, const Estimate& ratio, bool decided) {
    const auto percent = [](double of) { return 100 * (of - 1); };
    shown.form = ShownRatio::Form::percent;
    shown.value = percent(ratio.value);
    shown.low = percent(ratio.low);
    shown.high = percent(ratio.high);
    const bool width = shown.high > shown.low;
    if (!decided) {
        shown.estimate = signed_text(shown.value) + " %";
        if (width) shown.interval = signed_text(shown.low) + " … " + signed_text(shown.high) + " %";
        return;
    }
    // The word says which way, so the figures have no sign: "−61.5 … −60.9 %" is 60.9–61.5 %
    // smaller.
    if (shown.value < 0) {
        shown.value = -shown.value;
        const double least = -shown.high;
        shown.high = -shown.low;
        shown.low = least;
    }
    shown.estimate = rounded(shown.value, kDigits) + " %";
    if (width)
        shown.interval = rounded(shown.low, kDigits) + "–" + rounded(shown.high, kDigits) + " %";
}

std::string why_undecided(const MetricDefinition& metric, const ShownRatio& shown,
                          const Estimate& ratio) {
    const bool exact = metric.kind == Kind::memory || ratio.n >= 2;
    if (exact && ratio.low == 1 && ratio.high == 1) return "the two are equal";
    if (metric.pairing() == Pairing::once) return "measured once a run";
    if (ratio.n < 2) return "one sample gives no interval";
    if (shown.too_few) return fmt::format("{} samples are too few for an interval", ratio.n);
    return fmt::format("the {:.0f} % interval {} includes {}", 100 * kDecidingConfidence,
                       shown.interval, shown.form == ShownRatio::Form::factor ? "1" : "0");
}

}  // namespace

ShownRatio shown_ratio(const ComparedMetric& metric) {
    ShownRatio shown;
    const MetricDefinition* definition = find_metric(metric.id);
    shown.reason = metric.refusal;
    if (!metric.refusal.empty() || definition == nullptr) return shown;
    const Estimate& ratio = metric.decides;
    shown.word = metric.verdict;
    const VerdictWords& words = verdict_words(definition->kind);
    shown.good = metric.verdict == words.good;
    shown.bad = metric.verdict == words.bad;
    const bool decided = shown.good || shown.bad;
    if (decided)
        shown.arrow = shown.good ? words.good_arrow : words.bad_arrow;
    else
        shown.arrow = metric.verdict.empty() ? "" : "●";
    if (definition->kind == Kind::speed) {
        const bool of_time = definition->direction == Direction::lower_is_better;
        set_factor(shown, ratio, of_time != shown.bad);
    } else {
        set_percent(shown, ratio, decided);
    }
    // One that decides says at least which way.
    shown.too_few = !decided && !says_how_large(ratio.value, ratio.low, ratio.high, ratio.n);
    if (shown.too_few) shown.interval = kTooFewSamples;
    if (!decided) shown.reason = why_undecided(*definition, shown, ratio);
    return shown;
}

std::string verdict_phrase(const ShownRatio& shown) {
    if (shown.form == ShownRatio::Form::none) return shown.reason.empty() ? "" : "not comparable";
    if (shown.word.empty()) return {};
    const std::string arrow(shown.arrow);
    return shown.good || shown.bad ? arrow + " " + shown.estimate + " " + shown.word
                                   : arrow + " " + shown.word;
}

std::string interval_phrase(const ShownRatio& shown) {
    if (shown.interval.empty() || shown.word.empty()) return verdict_phrase(shown);
    const std::string arrow(shown.arrow);
    return shown.too_few ? arrow + " " + shown.word + ": " + shown.interval
                         : arrow + " " + shown.interval + " " + shown.word;
}

}  // namespace hone::profiler
