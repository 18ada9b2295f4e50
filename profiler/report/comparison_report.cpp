// SPDX-License-Identifier: Apache-2.0
#include "profiler/report/comparison_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "profiler/report/shown_ratio.h"
#include "profiler/report/text_forms.h"

namespace hone::profiler {
namespace {

constexpr std::string_view kMind =
    "With each verdict stands the 99 % interval that decides it, in the verdict's direction. "
    "Figures in brackets are 95 % intervals.";
constexpr std::string_view kOwn =
    "Each interval is of its own comparison: the more runs are compared, the likelier one verdict "
    "is chance.";

const ComparedMetric* find(const Comparison& comparison, std::string_view id) {
    const auto found = std::find_if(comparison.metrics.begin(), comparison.metrics.end(),
                                    [id](const ComparedMetric& metric) { return metric.id == id; });
    return found == comparison.metrics.end() ? nullptr : &*found;
}

std::string figure_of(const RunRecord& run, const MetricDefinition& metric) {
    const auto found = run.metrics.find(std::string(metric.id));
    if (found == run.metrics.end()) return {};
    const std::string unit = unit_text(metric);
    return figure_text(metric, found->second) + (unit.empty() ? "" : " " + unit);
}

ReportCell cell_of(const RunRecord& run, const Comparison& comparison,
                   const MetricDefinition& metric) {
    ReportCell cell;
    cell.figure = figure_of(run, metric);
    const ComparedMetric* compared = find(comparison, metric.id);
    if (compared == nullptr) return cell;
    const ShownRatio shown = shown_ratio(*compared);
    cell.verdict = verdict_phrase(shown);
    cell.interval = shown.interval;
    cell.reason = shown.reason;
    cell.good = shown.good;
    cell.bad = shown.bad;
    return cell;
}

// "▲ 2.46 × faster (2.39–2.52 ×)", "not comparable: other text", "● cannot tell: …".
std::string cell_text(const ReportCell& cell) {
    if (cell.verdict.empty()) return cell.figure;
    std::string text = cell.verdict;
    if (!cell.interval.empty()) text += " (" + cell.interval + ")";
    // An interval says by itself why nothing can be told.
    else if (!cell.reason.empty())
        text += ": " + cell.reason;
    return cell.figure.empty() ? text : text + ", " + cell.figure;
}

std::string notes_of(const ComparedRuns& compared) {
    std::string text;
    for (const std::string& line : warning_lines(compared.comparisons))
        text += "- " + markdown_text(line) + "\n";
    const auto add = [&text](const RunRecord& run) {
        for (const std::string& note : run.notes_from_run)
            text += fmt::format("- run {}: {}\n", run.id, markdown_text(note));
        if (!run.note.empty())
            text += fmt::format("- note on run {}: {}\n", run.id, markdown_text(run.note));
    };
    add(compared.baseline);
    for (const RunRecord& run : compared.runs) add(run);
    return text;
}

Row run_row(const RunRecord& run, std::string_view side) {
    return {std::to_string(run.id),
            std::string(side),
            run.what.recipe_label,
            run.what.model_name,
            run.what.model_source,
            run.status,
            run.created};
}

std::string as_markdown(const ComparedRuns& compared) {
    std::string text = fmt::format("# Runs compared with run {}\n\n", compared.baseline.id);
    Row header{"", report_title(compared.baseline)};
    for (const RunRecord& run : compared.runs) header.push_back(report_title(run));
    text += markdown_line(header) + markdown_line(Row(header.size(), "---"));
    for (const ReportRow& row : report_rows(compared)) {
        Row line{std::string(row.metric->title), row.baseline};
        for (const ReportCell& cell : row.cells) line.push_back(cell_text(cell));
        text += markdown_line(line);
    }
    text += fmt::format("\n{}\n", kMind);
    if (compared.runs.size() > 1) text += fmt::format("{}\n", kOwn);
    const std::string notes = notes_of(compared);
    if (!notes.empty()) text += "\n## To be kept in mind\n\n" + notes;
    text += "\n## The runs\n\n";
    const Row names{"run", "side", "recipe", "model", "checkpoint", "status", "when (UTC)"};
    text += markdown_line(names) + markdown_line(Row(names.size(), "---"));
    text += markdown_line(run_row(compared.baseline, "baseline"));
    for (const RunRecord& run : compared.runs) text += markdown_line(run_row(run, "compared"));
    return text;
}

std::string value_text(const RunRecord& run, const MetricDefinition& metric) {
    const auto found = run.metrics.find(std::string(metric.id));
    return found == run.metrics.end() ? std::string() : number_text(found->second.value);
}

std::string as_csv(const ComparedRuns& compared) {
    std::string text = csv_line({"baseline", "run", "label", "model", "metric", "unit",
                                 "baseline_value", "value", "ratio", "low", "high", "low_99",
                                 "high_99", "n", "verdict", "shown", "shown_interval", "reason"});
    const std::vector<ReportRow> rows = report_rows(compared);
    for (std::size_t i = 0; i < compared.runs.size(); ++i)
        for (const ReportRow& row : rows) {
            const RunRecord& run = compared.runs[i];
            const ReportCell& cell = row.cells[i];
            Row line{std::to_string(compared.baseline.id),
                     std::to_string(run.id),
                     run.what.recipe_label,
                     run.what.model_name,
                     std::string(row.metric->id),
                     std::string(row.metric->unit),
                     value_text(compared.baseline, *row.metric),
                     value_text(run, *row.metric)};
            const ComparedMetric* metric = find(compared.comparisons[i], row.metric->id);
            if (metric == nullptr || !metric->refusal.empty() || metric->verdict.empty())
                line.insert(line.end(), 7, "");
            else
                line.insert(line.end(),
                            {number_text(metric->ratio.value), number_text(metric->ratio.low),
                             number_text(metric->ratio.high), number_text(metric->decides.low),
                             number_text(metric->decides.high), std::to_string(metric->ratio.n),
                             metric->verdict});
            line.insert(line.end(), {cell.verdict, cell.interval, cell.reason});
            text += csv_line(line);
        }
    return text;
}

std::string as_json(const ComparedRuns& compared) {
    nlohmann::json runs = nlohmann::json::array(), comparisons = nlohmann::json::array();
    for (std::size_t i = 0; i < compared.runs.size(); ++i) {
        runs.push_back(run_json(compared.runs[i]));
        nlohmann::json each{{"run", compared.runs[i].id}};
        add_comparison(each, compared.comparisons[i]);
        comparisons.push_back(std::move(each));
    }
    return json_text({{"baseline", run_json(compared.baseline)},
                      {"runs", std::move(runs)},
                      {"comparisons", std::move(comparisons)},
                      {"warnings", warning_lines(compared.comparisons)}},
                     2) +
           "\n";
}

}  // namespace

std::string report_title(const RunRecord& run) {
    return fmt::format("{} {}", run.id,
                       run.what.recipe_label.empty() ? "baseline" : run.what.recipe_label);
}

ComparedRuns compare_runs(const Store& store, const RunRecord& baseline,
                          std::vector<RunRecord> runs) {
    ComparedRuns compared{baseline, std::move(runs), {}};
    for (const RunRecord& run : compared.runs)
        compared.comparisons.push_back(compare(store, baseline, run));
    return compared;
}

std::vector<ReportRow> report_rows(const ComparedRuns& compared) {
    std::vector<ReportRow> rows;
    for (const MetricDefinition& metric : metric_definitions()) {
        ReportRow row{&metric, figure_of(compared.baseline, metric), {}};
        bool any = !row.baseline.empty();
        for (std::size_t i = 0; i < compared.runs.size(); ++i) {
            row.cells.push_back(cell_of(compared.runs[i], compared.comparisons[i], metric));
            any = any || !row.cells.back().figure.empty();
        }
        if (any) rows.push_back(std::move(row));
    }
    return rows;
}

std::string comparison_report(const ComparedRuns& compared, ComparisonFormat format) {
    switch (format) {
        case ComparisonFormat::markdown:
            return as_markdown(compared);
        case ComparisonFormat::csv:
            return as_csv(compared);
        case ComparisonFormat::json:
            return as_json(compared);
        case ComparisonFormat::html:
            return comparison_html(compared);
    }
    return {};
}

}  // namespace hone::profiler
