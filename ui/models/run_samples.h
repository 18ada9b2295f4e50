// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "profiler/store/store.h"

namespace hone::ui {

// Values along the repetitions of a run; the warm-up comes first, at negative positions up to 0.
struct RepetitionValues {
    std::vector<double> x, y;
    std::vector<bool> warmup;
};
RepetitionValues repetitionValues(const std::vector<profiler::Sample>& samples,
                                  const std::string& metric);

// Time of each generated token after the first, in milliseconds: mean over sequences and
// repetitions, and the least and largest.
struct TokenTimes {
    std::vector<double> index, mean, low, high;
    bool empty() const { return index.empty(); }
};
// `repetitions` holds one [sequence][token] table of time stamps each, in seconds from the
// repetition's start.
TokenTimes tokenTimes(const std::vector<std::vector<std::vector<double>>>& repetitions);
TokenTimes tokenTimes(const std::vector<profiler::Sample>& samples);  // of the timed repetitions

// Every one of those times, over sequences and repetitions.
std::vector<double> tokenIntervals(const std::vector<profiler::Sample>& samples);

// Shares in % of each list's values along one common scale, which ends at the longest list's 99.5th
// percentile: a single interruption would else press everything else together.
struct Distribution {
    std::vector<double> x;
    std::vector<std::vector<double>> shares;  // a list a list of values
};
Distribution cumulativeShares(const std::vector<std::vector<double>>& lists);  // of values up to x
Distribution binnedShares(const std::vector<std::vector<double>>& lists);      // of values around x
double median(std::vector<double> values);                                     // of at least one

// The newest finished run of this model, recipe and workload, and its baseline; with an environment
// only those that were measured on its machine.
struct StoredPair {
    std::optional<profiler::RunRecord> baseline, candidate;
};
StoredPair newestPair(const std::vector<profiler::RunRecord>& runs, const std::string& source,
                      const nlohmann::json& recipe, const nlohmann::json& workload,
                      const nlohmann::json& target, const nlohmann::json& environment = nullptr);
// The newest finished run of this model, whatever was measured, and the baseline that it was
// interleaved with.
StoredPair newestResult(const std::vector<profiler::RunRecord>& runs, const std::string& source);

}  // namespace hone::ui
