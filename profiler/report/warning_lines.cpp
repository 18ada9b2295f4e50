// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "profiler/report/comparison.h"

namespace hone::profiler {
namespace {

struct Told {
    std::string words;
    std::set<std::int64_t> runs;  // whom it concerns
};

std::set<std::int64_t>& runs_of(std::vector<Told>& told, const std::string& words) {
    const auto found = std::find_if(told.begin(), told.end(),
                                    [&words](const Told& each) { return each.words == words; });
    if (found != told.end()) return found->runs;
    told.push_back({words, {}});
    return told.back().runs;
}

std::string line(const Told& told) {
    return fmt::format("run{} {}: {}", told.runs.size() == 1 ? "" : "s", fmt::join(told.runs, ", "),
                       told.words);
}

}  // namespace

std::vector<std::string> warning_lines(std::span<const Comparison> comparisons) {
    std::vector<Told> of_pairs, of_runs;
    std::set<std::int64_t> candidates, runs;
    for (const Comparison& comparison : comparisons) {
        candidates.insert(comparison.candidate);
        runs.insert({comparison.baseline, comparison.candidate});
        for (const std::string& words : comparison.warnings)
            runs_of(of_pairs, words).insert(comparison.candidate);
        for (const RunWarning& warning : comparison.run_warnings)
            runs_of(of_runs, warning.words).insert(warning.run);
    }
    std::vector<std::string> lines;
    for (const Told& told : of_pairs)
        lines.push_back(told.runs.size() == candidates.size() ? told.words : line(told));
    for (const Told& told : of_runs)
        lines.push_back(told.runs.size() < runs.size() ? line(told)
                        : runs.size() > 2              ? "all runs: " + told.words
                                                       : "both runs: " + told.words);
    return lines;
}

}  // namespace hone::profiler
