// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/run_samples.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "profiler/report/comparability.h"

namespace hone::ui {

RepetitionValues repetitionValues(const std::vector<profiler::Sample>& samples,
                                  const std::string& metric) {
    RepetitionValues result;
    const auto warmups = static_cast<double>(
        std::count_if(samples.begin(), samples.end(),
                      [](const profiler::Sample& s) { return s.kind == "warmup"; }));
    for (const profiler::Sample& sample : samples) {
        const auto value = sample.values.find(metric);
        const bool warmup = sample.kind == "warmup";
        if (value == sample.values.end() || (!warmup && sample.kind != "repetition")) continue;
        result.x.push_back(sample.index + 1 - (warmup ? warmups : 0));
        result.y.push_back(value->second);
        result.warmup.push_back(warmup);
    }
    return result;
}

TokenTimes tokenTimes(const std::vector<std::vector<std::vector<double>>>& repetitions) {
    TokenTimes result;
    std::size_t longest = 0;
    for (const auto& sequences : repetitions)
        for (const auto& stamps : sequences) longest = std::max(longest, stamps.size());
    for (std::size_t token = 1; token < longest; ++token) {
        double sum = 0, low = 0, high = 0;
        int n = 0;
        for (const auto& sequences : repetitions)
            for (const auto& stamps : sequences) {
                if (token >= stamps.size()) continue;
                const double ms = (stamps[token] - stamps[token - 1]) * 1e3;
                sum += ms;
                low = n == 0 ? ms : std::min(low, ms);
                high = n == 0 ? ms : std::max(high, ms);
                ++n;
            }
        result.index.push_back(static_cast<double>(token + 1));
        result.mean.push_back(sum / n);
        result.low.push_back(low);
        result.high.push_back(high);
    }
    return result;
}

namespace {

using Repetitions = std::vector<std::vector<std::vector<double>>>;

Repetitions stampsOf(const std::vector<profiler::Sample>& samples) {
    Repetitions repetitions;
    for (const profiler::Sample& sample : samples) {
        if (sample.kind != "repetition" || !sample.detail.is_object()) continue;
        const auto times = sample.detail.find("token_times");
        if (times != sample.detail.end() && times->is_array())
            repetitions.push_back(times->get<std::vector<std::vector<double>>>());
    }
    return repetitions;
}

constexpr std::size_t steps = 120, bins = 40;
constexpr double shownShare = 0.995;

double quantile(const std::vector<double>& sorted, double share) {
    const auto last = static_cast<double>(sorted.size() - 1);
    return sorted[static_cast<std::size_t>(std::lround(last * share))];
}

// From the least of all values to the largest of the lists' upper percentiles.
std::pair<double, double> commonScale(const std::vector<std::vector<double>>& sorted) {
    double low = std::numeric_limits<double>::max(), high = std::numeric_limits<double>::lowest();
    for (const auto& values : sorted) {
        if (values.empty()) continue;
        low = std::min(low, values.front());
        high = std::max(high, quantile(values, shownShare));
    }
    if (high <= low) high = low + std::max(1e-6, std::abs(low) * 0.01);
    return {low, high};
}

std::vector<std::vector<double>> sortedLists(std::vector<std::vector<double>> lists) {
    for (auto& values : lists) std::sort(values.begin(), values.end());
    return lists;
}

double percent(std::ptrdiff_t part, std::size_t of) {
    return of == 0 ? 0 : 100 * static_cast<double>(part) / static_cast<double>(of);
}

}  // namespace

TokenTimes tokenTimes(const std::vector<profiler::Sample>& samples) {
    return tokenTimes(stampsOf(samples));
}

std::vector<double> tokenIntervals(const std::vector<profiler::Sample>& samples) {
    std::vector<double> result;
    for (const auto& sequences : stampsOf(samples))
        for (const auto& stamps : sequences)
            for (std::size_t token = 1; token < stamps.size(); ++token)
                result.push_back((stamps[token] - stamps[token - 1]) * 1e3);
    return result;
}

Distribution cumulativeShares(const std::vector<std::vector<double>>& lists) {
    const auto sorted = sortedLists(lists);
    const auto [low, high] = commonScale(sorted);
    const double step = (high - low) / static_cast<double>(steps - 1);
    Distribution result;
    // One step before the least value, so that every curve begins at nothing.
    for (std::size_t i = 0; i <= steps; ++i)
        result.x.push_back(low + (static_cast<double>(i) - 1) * step);
    result.x.back() = high;
    for (const auto& values : sorted) {
        std::vector<double>& shares = result.shares.emplace_back();
        for (const double x : result.x)
            shares.push_back(percent(
                std::upper_bound(values.begin(), values.end(), x) - values.begin(), values.size()));
    }
    return result;
}

Distribution binnedShares(const std::vector<std::vector<double>>& lists) {
    const auto sorted = sortedLists(lists);
    const auto [low, high] = commonScale(sorted);
    const double width = (high - low) / static_cast<double>(bins);
    const auto edge = [low = low, width](std::size_t bin) {
        return low + static_cast<double>(bin) * width;
    };
    Distribution result;
    for (std::size_t bin = 0; bin < bins; ++bin) result.x.push_back(edge(bin) + width / 2);
    for (const auto& values : sorted) {
        std::vector<double>& shares = result.shares.emplace_back();
        for (std::size_t bin = 0; bin < bins; ++bin) {
            const auto begin = std::lower_bound(values.begin(), values.end(), edge(bin));
            const auto end = bin + 1 == bins
                                 ? std::upper_bound(values.begin(), values.end(), high)
                                 : std::lower_bound(values.begin(), values.end(), edge(bin + 1));
            shares.push_back(percent(end - begin, values.size()));
        }
    }
    return result;
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return quantile(values, 0.5);
}

namespace {

// A stored run says more than was asked for: the text's hash, and the threads where the machine's
// cores were taken.
bool sameWorkload(nlohmann::json stored, const nlohmann::json& wanted) {
    stored.erase("text_hash");
    return stored == wanted;
}

bool sameTarget(const profiler::NewRun& run, const nlohmann::json& wanted) {
    if (run.target == wanted) return true;
    if (run.target.value("device", "") != wanted.value("device", "")) return false;
    return wanted.value("threads", 0) == 0 && run.environment.is_object() &&
           run.target.value("threads", 0) == run.environment.value("physical_cores", 0);
}

}  // namespace

StoredPair newestPair(const std::vector<profiler::RunRecord>& runs, const std::string& source,
                      const nlohmann::json& recipe, const nlohmann::json& workload,
                      const nlohmann::json& target, const nlohmann::json& environment) {
    StoredPair pair;
    const auto fits = [&](const profiler::RunRecord& run, const nlohmann::json& wanted) {
        return run.status == "done" && run.what.model_source == source &&
               run.what.recipe == wanted && sameWorkload(run.what.workload, workload) &&
               sameTarget(run.what, target) &&
               profiler::other_machine(environment, run.what.environment).empty();
    };
    const auto find = [&runs](auto&& accepts) -> std::optional<profiler::RunRecord> {
        const auto it = std::find_if(runs.begin(), runs.end(), accepts);
        return it == runs.end() ? std::nullopt : std::optional(*it);
    };
    if (!recipe.empty())
        pair.candidate = find(
            [&](const auto& run) { return fits(run, recipe) && run.what.side == "candidate"; });
    if (pair.candidate && pair.candidate->what.paired_with)
        pair.baseline =
            find([&](const auto& run) { return run.id == *pair.candidate->what.paired_with; });
    if (!pair.baseline)
        pair.baseline = find([&](const auto& run) { return fits(run, nlohmann::json::array()); });
    return pair;
}

StoredPair newestResult(const std::vector<profiler::RunRecord>& runs, const std::string& source) {
    StoredPair pair;
    const auto newest =
        std::find_if(runs.begin(), runs.end(), [&source](const profiler::RunRecord& run) {
            return run.status == "done" && run.what.model_source == source;
        });
    if (newest == runs.end()) return pair;
    pair.candidate = *newest;
    const auto baseline =
        std::find_if(runs.begin(), runs.end(), [newest](const profiler::RunRecord& run) {
            return run.status == "done" && run.id == newest->what.paired_with;
        });
    if (baseline != runs.end()) pair.baseline = *baseline;
    return pair;
}

}  // namespace hone::ui
