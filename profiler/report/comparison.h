// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "profiler/statistics/statistics.h"
#include "profiler/store/store.h"

namespace hone::profiler {

struct ComparedMetric {
    std::string id;
    Estimate ratio;  // candidate / baseline with its 95 % interval
    std::string verdict;
    std::string refusal;  // why the two figures cannot be compared; then ratio means nothing
};

struct Comparison {
    std::int64_t baseline = 0, candidate = 0;
    bool interleaved = false;  // measured against each other in one experiment
    std::vector<ComparedMetric> metrics;
    std::vector<std::string> warnings;  // "other machine", "other thread count", …
};

// Paired by repetition where the two runs were interleaved, else unpaired. Figures of another text, protocol, context, stride,
// model text, workload or device are refused with the reason.
Comparison compare(const Store& store, const RunRecord& baseline, const RunRecord& candidate);

// The documents of the command line (docs: README, "JSON").
nlohmann::json run_json(const RunRecord& run);
nlohmann::json comparison_json(const Comparison& comparison);

enum class ReportFormat { json, csv, markdown };
std::string export_runs(const Store& store, const std::vector<RunRecord>& runs, ReportFormat format);

}  // namespace hone::profiler
