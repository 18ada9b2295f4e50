// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/run_samples.h"

#include <algorithm>

namespace hone::ui {

RepetitionValues repetitionValues(const std::vector<profiler::Sample>& samples, const std::string& metric) {
    RepetitionValues result;
    const auto warmups = static_cast<double>(std::count_if(
        samples.begin(), samples.end(), [](const profiler::Sample& s) { return s.kind == "warmup"; }));
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

TokenTimes tokenTimes(const std::vector<profiler::Sample>& samples) {
    std::vector<std::vector<std::vector<double>>> repetitions;
    for (const profiler::Sample& sample : samples) {
        if (sample.kind != "repetition" || !sample.detail.is_object()) continue;
        const auto times = sample.detail.find("token_times");
        if (times != sample.detail.end() && times->is_array())
            repetitions.push_back(times->get<std::vector<std::vector<double>>>());
    }
    return tokenTimes(repetitions);
}

namespace {

// A stored run says more than was asked for: the text's hash, and the threads where the machine's cores were taken.
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
                      const nlohmann::json& target) {
    StoredPair pair;
    const auto fits = [&](const profiler::RunRecord& run, const nlohmann::json& wanted) {
        return run.status == "done" && run.what.model_source == source && run.what.recipe == wanted &&
               sameWorkload(run.what.workload, workload) && sameTarget(run.what, target);
    };
    const auto find = [&runs](auto&& accepts) -> std::optional<profiler::RunRecord> {
        const auto it = std::find_if(runs.begin(), runs.end(), accepts);
        return it == runs.end() ? std::nullopt : std::optional(*it);
    };
    if (!recipe.empty())
        pair.candidate =
            find([&](const auto& run) { return fits(run, recipe) && run.what.side == "candidate"; });
    if (pair.candidate && pair.candidate->what.paired_with)
        pair.baseline = find([&](const auto& run) { return run.id == *pair.candidate->what.paired_with; });
    if (!pair.baseline)
        pair.baseline = find([&](const auto& run) { return fits(run, nlohmann::json::array()); });
    return pair;
}

}  // namespace hone::ui
