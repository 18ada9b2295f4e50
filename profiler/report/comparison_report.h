// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "profiler/report/comparison.h"
#include "profiler/statistics/metrics.h"

namespace hone::profiler {

// Runs against one baseline, each in a comparison of its own.
struct ComparedRuns {
    RunRecord baseline;
    std::vector<RunRecord> runs;
    std::vector<Comparison> comparisons;  // one a run
};
// Reads the runs' samples. Throws StoreError.
ComparedRuns compare_runs(const Store& store, const RunRecord& baseline,
                          std::vector<RunRecord> runs);

enum class ComparisonFormat { markdown, csv, json, html };

// The comparison as a document, with ratios, intervals, verdicts, why what was not compared, and
// what is to be kept in mind. Everything that the store holds is text in it, whatever it looks
// like.
// markdown: tables for people. csv: RFC 4180, a row for each metric of each run against the
// baseline. json: {"baseline", "runs": [run_json()], "comparisons": [{"run", "comparison", …}],
// "warnings"}, the parts of a comparison as add_comparison() writes them. html: one page that needs
// nothing else, with pictures, light or dark as the reader's system is; no scripts.
std::string comparison_report(const ComparedRuns& compared, ComparisonFormat format);

// The parts of such documents.

// A metric of one run beside the baseline's, in words; what does not apply is empty.
struct ReportCell {
    std::string figure;    // the run's own: "322 tok/s"
    std::string verdict;   // "▲ 2.46 × faster", "● cannot tell", "not comparable"
    std::string interval;  // "2.39–2.52 ×"
    std::string reason;    // why it is not comparable, or cannot be told
    bool good = false, bad = false;
};
struct ReportRow {
    const MetricDefinition* metric;
    std::string baseline;           // its figure
    std::vector<ReportCell> cells;  // one a run
};
// Metrics that any of the runs has, in the order of all tables.
std::vector<ReportRow> report_rows(const ComparedRuns& compared);

std::string report_title(const RunRecord& run);  // "12 Quantise weights q8_0"

std::string comparison_html(const ComparedRuns& compared);

}  // namespace hone::profiler
