// SPDX-License-Identifier: Apache-2.0
#include "app/hone/run_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/hone/terminal.h"
#include "engine/base/printable.h"
#include "engine/experiment/protocol/sweep.h"
#include "engine/techniques/schema/schema.h"
#include "profiler/report/shown_ratio.h"
#include "profiler/statistics/metrics.h"

namespace hone::cli {
namespace {

const profiler::ComparedMetric* find(const profiler::Comparison* comparison, std::string_view id) {
    if (comparison == nullptr) return nullptr;
    const auto it =
        std::find_if(comparison->metrics.begin(), comparison->metrics.end(),
                     [id](const profiler::ComparedMetric& metric) { return metric.id == id; });
    return it == comparison->metrics.end() ? nullptr : &*it;
}

void add_comparison(std::vector<std::string>& row, const profiler::ComparedMetric* compared) {
    if (compared == nullptr) return;
    const profiler::ShownRatio shown = profiler::shown_ratio(*compared);
    if (shown.form == profiler::ShownRatio::Form::none) {
        row.insert(row.end(), {"", "", "not comparable: " + shown.reason});
        return;
    }
    const std::string arrow = shown.arrow.empty() ? "" : std::string(shown.arrow) + " ";
    // An interval says by itself why nothing can be told; where there is none, the reason does.
    const std::string why =
        shown.interval.empty() && !shown.reason.empty() ? ": " + shown.reason : "";
    row.insert(row.end(), {shown.estimate, shown.interval, arrow + shown.word + why});
}

// What did not engage is among the run's notes.
std::string engaged_text(const profiler::RunRecord& run) {
    std::string text;
    for (const auto& [technique, evidence] : run.engaged.items()) {
        if (evidence.value("engaged", nlohmann::json()) != true) continue;
        std::string counted;
        // A variable: items() keeps no copy, and a temporary would be gone before the loop begins.
        const nlohmann::json counters = evidence.value("counters", nlohmann::json::object());
        for (const auto& [name, value] : counters.items())
            counted += fmt::format("{}{}: {}", counted.empty() ? "" : ", ",
                                   counter_title(builtin_registry(), technique, name),
                                   number(value.get<double>()));
        if (counted.empty())  // a run of an earlier version
            counted = fmt::format(
                "{}: {}",
                counter_title(builtin_registry(), technique, evidence.value("counter", "")),
                number(evidence.value("value", 0.0)));
        text += fmt::format("\nrun {}: {} engaged · {}", run.id, name_text(technique),
                            printable(counted));
    }
    return text;
}

// "run 3, predicted: decode 40.1 tok/s (−7 %)": by how much the prediction is above or below what
// was measured.
std::string predicted_text(const profiler::RunRecord& run) {
    std::string text;
    for (const profiler::MetricDefinition& metric : profiler::metric_definitions()) {
        const std::string id(metric.id);
        const auto predicted = run.predicted.find(id);
        const auto measured = run.metrics.find(id);
        if (predicted == run.predicted.end() || measured == run.metrics.end()) continue;
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", metric.title,
                            figure(id, predicted->second));
        if (measured->second.value > 0)
            text +=
                fmt::format(" ({:+.0f} %)", 100 * (predicted->second / measured->second.value - 1));
    }
    return text.empty() ? text : fmt::format("\nrun {}, predicted: {}", run.id, text);
}

std::string series_text(const profiler::RunRecord& run) {
    if (!run.what.series) return "";
    const std::vector<SweptOption> swept = swept_from_json(run.what.series->swept);
    const std::string values = swept_label(swept, run.what.recipe);
    return fmt::format("\nrun {}: series {}{}", run.id, run.what.series->id,
                       values.empty() ? "" : ", " + printable(values));
}

std::string title(const profiler::RunRecord& run) {
    const std::string label = run.what.recipe_label.empty() ? "baseline" : run.what.recipe_label;
    return fmt::format("{} ({})", name_text(label), run.id);
}

std::string metric_or_dash(const profiler::RunRecord& run, const std::string& id) {
    const auto it = run.metrics.find(id);
    return it == run.metrics.end() ? "—" : figure(id, it->second.value);
}

}  // namespace

std::string run_table(const std::vector<profiler::RunRecord>& runs,
                      const profiler::Comparison* comparison) {
    if (runs.empty()) return "";
    std::vector<std::vector<std::string>> rows{{"run"}};
    for (const auto& run : runs) rows[0].push_back(title(run));
    if (comparison != nullptr)
        rows[0].insert(rows[0].end(), {"change", "99 % interval", "verdict"});
    for (const profiler::MetricDefinition& metric : profiler::metric_definitions()) {
        const std::string id(metric.id);
        if (std::none_of(runs.begin(), runs.end(),
                         [&](const auto& run) { return run.metrics.contains(id); }))
            continue;
        std::vector<std::string> row{std::string(metric.title)};
        for (const auto& run : runs) row.push_back(metric_or_dash(run, id));
        add_comparison(row, find(comparison, id));
        rows.push_back(std::move(row));
    }
    std::string text = name_text(runs.back().what.model_name) + "\n\n" + table(rows);
    for (const auto& run : runs) {
        if (run.status != "done")
            text += fmt::format("\nrun {}: {}: {}", run.id, printable(run.status),
                                printable(run.reason));
        text += predicted_text(run) + engaged_text(run) + series_text(run);
        if (run.trace_events > 0)
            text += fmt::format("\nrun {}: trace of {} events (hone runs trace {} --out FILE.json)",
                                run.id, run.trace_events, run.id);
        for (const std::string& note : run.notes_from_run)
            text += fmt::format("\nrun {}: {}", run.id, printable(note));
    }
    if (comparison != nullptr) {
        for (const std::string& warning : profiler::warning_lines({comparison, 1}))
            text += "\nmind: " + printable(warning);
    }
    return text.back() == '\n' ? text : text + "\n";
}

std::string run_list(const std::vector<profiler::RunRecord>& runs) {
    std::vector<std::vector<std::string>> rows{{"recipe", "run", "model", "status"}};
    std::vector<std::string> metrics;
    for (const profiler::MetricDefinition& metric : profiler::metric_definitions()) {
        if (!metric.run_list) continue;
        rows[0].push_back(profiler::metric_word(metric.column_title.empty() ? metric.title
                                                                            : metric.column_title));
        metrics.emplace_back(metric.id);
    }
    rows[0].emplace_back("when (UTC)");
    for (const profiler::RunRecord& run : runs) {
        std::vector<std::string> row{name_text(run.what.recipe_label), std::to_string(run.id),
                                     name_text(run.what.model_name), run.status};
        for (const std::string& metric : metrics) row.push_back(metric_or_dash(run, metric));
        row.push_back(run.created);
        rows.push_back(std::move(row));
    }
    return table(rows);
}

}  // namespace hone::cli
