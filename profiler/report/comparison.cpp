// SPDX-License-Identifier: Apache-2.0
#include "profiler/report/comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "profiler/report/comparability.h"
#include "profiler/statistics/metrics.h"

namespace hone::profiler {
namespace {

constexpr double kShown = 0.95, kDecides = kDecidingConfidence;

struct Compared {
    RunRecord run;
    std::map<int, Sample> repetitions, windows;  // by index
};

Compared with_samples(const Store& store, const RunRecord& run) {
    Compared result{run, {}, {}};
    for (Sample& sample : store.samples(run.id)) {
        if (sample.kind == "repetition")
            result.repetitions[sample.index] = std::move(sample);
        else if (sample.kind == "accuracy")
            result.windows[sample.index] = std::move(sample);
    }
    return result;
}

// NaN where the sample lacks it.
double figure(const Sample& sample, std::string_view name) {
    const auto found = sample.values.find(std::string(name));
    return found == sample.values.end() ? std::nan("") : found->second;
}

double figure(const Sample& sample, const MetricDefinition& metric) {
    if (sample.values.contains(std::string(metric.id)) || metric.source != Source::memory)
        return figure(sample, metric.id);
    if (!sample.detail.is_object() || !sample.detail.contains("memory") ||
        !sample.detail["memory"].is_object())
        return std::nan("");
    return sample.detail["memory"].value(metric.memory_class, std::nan(""));
}

struct Pairs {
    std::vector<double> baseline, candidate;
    bool positive = true;

    void add(double a, double b) {
        positive = positive && a > 0 && b > 0 && std::isfinite(a) && std::isfinite(b);
        baseline.push_back(a);
        candidate.push_back(b);
    }
};

// The two runs' values of one metric: of the repetitions both have where they are paired, else of
// all.
Pairs repetitions(const Compared& a, const Compared& b, const MetricDefinition& metric,
                  bool paired) {
    Pairs pairs;
    if (paired) {
        for (const auto& [index, sample] : a.repetitions)
            if (const auto other = b.repetitions.find(index); other != b.repetitions.end())
                pairs.add(figure(sample, metric), figure(other->second, metric));
        return pairs;
    }
    const auto values = [&](const Compared& run, std::vector<double>& into) {
        for (const auto& [index, sample] : run.repetitions) {
            into.push_back(figure(sample, metric));
            pairs.positive = pairs.positive && into.back() > 0 && std::isfinite(into.back());
        }
    };
    values(a, pairs.baseline);
    values(b, pairs.candidate);
    return pairs;
}

// A baseline and its candidate, or two candidates of one baseline that took part in the same
// rounds.
bool were_interleaved(const Compared& a, const Compared& b) {
    if (b.run.measured_apart) return false;
    if (b.run.what.paired_with == a.run.id) return true;
    if (!a.run.what.paired_with || a.run.what.paired_with != b.run.what.paired_with ||
        a.run.measured_apart)
        return false;
    return std::any_of(a.repetitions.begin(), a.repetitions.end(),
                       [&b](const auto& sample) { return b.repetitions.contains(sample.first); });
}

// A ratio to nothing, or of what is beyond all numbers, is none.
bool is_ratio(const Estimate& estimate) {
    return std::isfinite(estimate.high) && estimate.low > 0 && estimate.low <= estimate.value &&
           estimate.value <= estimate.high;
}

void decide(ComparedMetric& result, const MetricDefinition& metric, const Estimate& shown,
            const Estimate& decides) {
    if (!is_ratio(shown) || !is_ratio(decides)) {
        result.refusal = "figures without a finite ratio";
        return;
    }
    result.ratio = shown;
    result.decides = decides;
    result.verdict = verdict(metric.kind, metric.direction, decides);
}

Estimate widened(Estimate estimate, double margin) {
    estimate.low /= 1 + margin;
    estimate.high *= 1 + margin;
    return estimate;
}

// A share may be exactly 0, which has no ratio to anything.
std::string shares_apart(const Pairs& pairs) {
    const auto mean = [](const std::vector<double>& values) {
        double sum = 0;
        int known = 0;  // a repetition of an older version may lack it
        for (const double value : values) {
            sum += std::isfinite(value) ? value : 0;
            known += std::isfinite(value) ? 1 : 0;
        }
        return known == 0 ? 0 : sum / known;
    };
    const double a = mean(pairs.baseline), b = mean(pairs.candidate);
    if (a == 0 && b == 0) return "none on both sides";
    return fmt::format("a share of 0 has no ratio; {:.1f} % and {:.1f} % differ by {:+.1f} points",
                       100 * a, 100 * b, 100 * (b - a));
}

void compare_repetitions(ComparedMetric& result, const MetricDefinition& metric, const Compared& a,
                         const Compared& b, bool paired) {
    const Pairs pairs = repetitions(a, b, metric, paired);
    if (pairs.baseline.empty() || pairs.candidate.empty()) {
        result.refusal = "a run without a repetition that counts";
        return;
    }
    if (!pairs.positive) {
        result.refusal =
            metric.unit == "share" ? shares_apart(pairs) : "a repetition without a positive figure";
        return;
    }
    const auto ratio = paired ? paired_ratio : unpaired_ratio;
    Estimate shown = ratio(pairs.baseline, pairs.candidate, kShown);
    Estimate decides = ratio(pairs.baseline, pairs.candidate, kDecides);
    if (metric.process_share > 0) {
        const double smallest =
            std::min(*std::min_element(pairs.baseline.begin(), pairs.baseline.end()),
                     *std::min_element(pairs.candidate.begin(), pairs.candidate.end()));
        const double margin = std::max(metric.process_share, metric.process_amount / smallest);
        shown = widened(shown, margin);
        decides = widened(decides, margin);
    }
    decide(result, metric, shown, decides);
}

// Metrics that a run has one exact or single value of.
void compare_single(ComparedMetric& result, const MetricDefinition& metric, double a, double b) {
    if (!(a > 0) || !(b > 0) || !std::isfinite(a) || !std::isfinite(b)) {
        result.refusal = "a figure that is not positive";
        return;
    }
    const double ratio = b / a;
    // Sizes are exact, so one value decides; a single time does not.
    const bool exact = metric.kind == Kind::memory;
    decide(result, metric, {ratio, ratio, ratio, 1}, {ratio, ratio, ratio, exact ? 2 : 1});
}

// The windows that both runs scored. With another tokeniser they hold other parts of the text.
struct Windows {
    std::vector<double> baseline, candidate, over, candidate_over;
    std::string
        other_length;  // "window 3 has 255 and 250 scored tokens", of the first that differs
};

Windows shared_windows(const Compared& a, const Compared& b, const WindowFigure& of) {
    Windows windows;
    for (const auto& [index, sample] : a.windows) {
        const auto other = b.windows.find(index);
        if (other == b.windows.end()) continue;
        const double scored = figure(sample, "scored"),
                     scored_too = figure(other->second, "scored");
        if (scored != scored_too && windows.other_length.empty())
            windows.other_length = fmt::format("window {} has {:.0f} and {:.0f} scored tokens",
                                               index, scored, scored_too);
        windows.baseline.push_back(figure(sample, of.sum));
        windows.candidate.push_back(figure(other->second, of.sum));
        windows.over.push_back(figure(sample, of.over));
        windows.candidate_over.push_back(figure(other->second, of.over));
    }
    return windows;
}

// KL divergence and agreement are already against a baseline, so two runs' must share it.
std::string other_reference(const Store& store, const RunRecord& a, const RunRecord& b) {
    if (a.what.paired_with && a.what.paired_with == b.what.paired_with) return {};
    const auto first = a.what.paired_with ? store.load(*a.what.paired_with) : std::nullopt;
    const auto second = b.what.paired_with ? store.load(*b.what.paired_with) : std::nullopt;
    if (!first || !second)
        return fmt::format("the baseline of run {} is gone", first ? b.id : a.id);
    const bool same = first->what.model_hash == second->what.model_hash &&
                      first->what.recipe == second->what.recipe;
    return same ? std::string() : "measured against different baselines";
}

void compare_windows(ComparedMetric& result, const MetricDefinition& metric, const Store& store,
                     const Compared& a, const Compared& b, std::vector<std::string>& warnings) {
    if (metric.needs(condition::baseline)) result.refusal = other_reference(store, a.run, b.run);
    if (!result.refusal.empty()) return;
    const Windows windows = shared_windows(a, b, metric.window);
    if (windows.baseline.empty()) result.refusal = "no window that both runs scored";
    if (!windows.other_length.empty() && metric.needs(condition::vocabulary))
        result.refusal = windows.other_length + ": another tokeniser or text";
    if (!result.refusal.empty()) return;
    if (metric.window.exponential) {
        const auto ratio = [&windows](double confidence) {
            return perplexity_ratio(windows.baseline, windows.candidate, windows.over, confidence);
        };
        return decide(result, metric, ratio(kShown), ratio(kDecides));
    }
    Pairs pairs;
    for (std::size_t i = 0; i < windows.over.size(); ++i)
        pairs.add(windows.baseline[i] / windows.over[i],
                  windows.candidate[i] / windows.candidate_over[i]);
    if (!pairs.positive) {
        result.refusal = "a window where it is zero has no ratio";
        return;
    }
    const bool alike = windows.other_length.empty() && windows.over == windows.candidate_over;
    if (!alike)
        warnings.push_back(fmt::format(
            "other tokenisers: windows hold other parts of the text, and {} is compared as of "
            "independent samples",
            metric_word(metric.title)));
    const auto ratio = alike ? paired_ratio : unpaired_ratio;
    decide(result, metric, ratio(pairs.baseline, pairs.candidate, kShown),
           ratio(pairs.baseline, pairs.candidate, kDecides));
}

}  // namespace

Comparison compare(const Store& store, const RunRecord& baseline, const RunRecord& candidate) {
    Comparison result;
    result.baseline = baseline.id;
    result.candidate = candidate.id;
    const Compared a = with_samples(store, baseline), b = with_samples(store, candidate);
    result.interleaved = were_interleaved(a, b);
    result.warnings = comparison_warnings(baseline, candidate, result.interleaved);
    for (const RunRecord* run : {&baseline, &candidate})
        for (std::string& words : run_warnings(*run))
            result.run_warnings.push_back({run->id, std::move(words)});
    for (const MetricDefinition& metric : metric_definitions()) {
        const std::string id(metric.id);
        const bool first = baseline.metrics.contains(id), second = candidate.metrics.contains(id);
        if ((!first && !second) || (metric.of_some_runs && !(first && second))) continue;
        ComparedMetric compared;
        compared.id = id;
        compared.refusal = refusal(metric, baseline, candidate);
        if (compared.refusal.empty()) {
            if (metric.pairing() == Pairing::windows)
                compare_windows(compared, metric, store, a, b, result.warnings);
            else if (metric.pairing() == Pairing::once)
                compare_single(compared, metric, baseline.metrics.at(id).value,
                               candidate.metrics.at(id).value);
            else
                compare_repetitions(compared, metric, a, b, result.interleaved);
        }
        result.metrics.push_back(std::move(compared));
    }
    const auto windows = [](const Compared& run) { return run.windows.size(); };
    if (windows(a) != windows(b) && windows(a) > 0 && windows(b) > 0)
        result.warnings.push_back(
            fmt::format("{} and {} windows were scored: accuracy is compared over those of both",
                        windows(a), windows(b)));
    return result;
}

}  // namespace hone::profiler
