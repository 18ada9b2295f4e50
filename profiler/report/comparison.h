// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "profiler/statistics/statistics.h"
#include "profiler/store/store.h"

namespace hone::profiler {

// The confidence of the interval that decides a ratio's verdict and is shown beside it.
inline constexpr double kDecidingConfidence = 0.99;

struct ComparedMetric {
    std::string id;
    Estimate ratio;    // candidate / baseline with its 95 % interval
    Estimate decides;  // the same ratio with the interval that decides the verdict; texts are made
                       // of it (shown_ratio.h)
    std::string verdict;
    std::string refusal;  // why the two figures cannot be compared; then the ratios mean nothing
};

// What disturbed one run.
struct RunWarning {
    std::int64_t run = 0;
    std::string words{};  // "unstable warm-up"
};

struct Comparison {
    std::int64_t baseline = 0, candidate = 0;
    bool interleaved = false;  // measured against each other in one experiment
    std::vector<ComparedMetric> metrics{};
    std::vector<std::string> warnings{};     // "other machine", "other thread count", …
    std::vector<RunWarning> run_warnings{};  // of either run
};

// What is to be kept in mind of comparisons, a line each: what several of them or of their runs
// share is said once, with whom it concerns ("runs 3, 5: unstable warm-up").
std::vector<std::string> warning_lines(std::span<const Comparison> comparisons);

// Paired by repetition where the two runs were interleaved, else unpaired; accuracy is paired by
// window. Metrics in the order of their definitions; one that only a candidate can have (KL
// divergence against its baseline) is left out where the first run is that baseline. What may not
// be compared (comparability.h) is refused with the reason. Reads the runs' samples; throws
// StoreError.
Comparison compare(const Store& store, const RunRecord& baseline, const RunRecord& candidate);

// The documents of the command line.
nlohmann::json run_json(const RunRecord& run);
// Adds to `document` "comparison" {metric id: {"ratio", "low", "high", "low_99", "high_99", "n",
// "verdict"}}: candidate / baseline with its 95 % interval and the 99 % interval that decides the
// verdict; where any metric was refused also "refusals" {metric id: reason}, and where there are
// warnings "warnings" […], as warning_lines().
void add_comparison(nlohmann::json& document, const Comparison& comparison);

enum class ReportFormat { json, csv, markdown };
// json: {"runs": [run_json with its "samples"]}; csv: RFC 4180, one row a run, the same columns
// always; markdown: a table for people.
std::string export_runs(const Store& store, const std::vector<RunRecord>& runs,
                        ReportFormat format);

}  // namespace hone::profiler
