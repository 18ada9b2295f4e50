// SPDX-License-Identifier: Apache-2.0
#include "app/hone/series_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "app/hone/terminal.h"
#include "engine/base/printable.h"
#include "engine/experiment/protocol/sweep.h"
#include "profiler/report/shown_ratio.h"
#include "profiler/statistics/metrics.h"

namespace hone::cli {
namespace {

using profiler::MetricDefinition;
using profiler::RunRecord;

// What a series is judged by: how fast, how large, how exact. Where runs have no speed, the
// accuracy alone.
std::vector<const MetricDefinition*> judged_metrics(const std::vector<RunRecord>& runs) {
    std::vector<const MetricDefinition*> metrics;
    for (const MetricDefinition& metric : profiler::metric_definitions()) {
        const bool judged = metric.role == profiler::Role::speed ||
                            metric.role == profiler::Role::accuracy ||
                            metric.role == profiler::Role::divergence || metric.largest;
        const std::string id(metric.id);
        if (judged && std::any_of(runs.begin(), runs.end(),
                                  [&id](const RunRecord& run) { return run.metrics.contains(id); }))
            metrics.push_back(&metric);
    }
    return metrics;
}

const profiler::Comparison* of_run(const std::vector<profiler::Comparison>& comparisons,
                                   std::int64_t run) {
    const auto found =
        std::find_if(comparisons.begin(), comparisons.end(),
                     [run](const profiler::Comparison& each) { return each.candidate == run; });
    return found == comparisons.end() ? nullptr : &*found;
}

// "▲ 1.54–1.62 × faster": the interval that decides, in the direction of its word.
std::string verdict_text(const profiler::Comparison* comparison, std::string_view id) {
    if (comparison == nullptr) return "";
    for (const profiler::ComparedMetric& metric : comparison->metrics) {
        if (metric.id != id) continue;
        const profiler::ShownRatio shown = profiler::shown_ratio(metric);
        if (shown.form == profiler::ShownRatio::Form::none)
            return "not comparable: " + shown.reason;
        std::string text;
        for (const std::string& part : {std::string(shown.arrow), shown.interval, shown.word})
            if (!part.empty()) text += (text.empty() ? "" : " ") + part;
        return text;
    }
    return "";
}

// Sentences of several runs, each once: those of all runs before those of some.
std::string notes_text(const std::vector<RunRecord>& runs) {
    std::string text;
    std::vector<std::string> told;
    const auto has = [](const RunRecord& run, const std::string& note) {
        return std::find(run.notes_from_run.begin(), run.notes_from_run.end(), note) !=
               run.notes_from_run.end();
    };
    for (const RunRecord& run : runs) {
        if (run.status != "done")
            text += fmt::format("\nrun {}: {}: {}", run.id, printable(run.status),
                                printable(run.reason));
        for (const std::string& note : run.notes_from_run) {
            if (std::find(told.begin(), told.end(), note) != told.end()) continue;
            told.push_back(note);
            std::string who;
            std::size_t count = 0;
            for (const RunRecord& other : runs) {
                if (!has(other, note)) continue;
                ++count;
                who += fmt::format("{}{}", who.empty() ? "" : ", ", other.id);
            }
            text += count == runs.size() ? "\nall runs: " + printable(note)
                                         : fmt::format("\nrun{} {}: {}", count == 1 ? "" : "s", who,
                                                       printable(note));
        }
    }
    return text;
}

// Many verdicts are many chances for one to be wrong: docs/decisions/measuring.md.
std::string chances_text(std::size_t comparisons) {
    if (comparisons < 2) return "";
    const double wrong =
        1 - std::pow(profiler::kDecidingConfidence, static_cast<double>(comparisons));
    return fmt::format(
        "\nEach verdict has a 99 % interval of its own. If {} candidates were just like the "
        "baseline, one or "
        "more "
        "of their verdicts on a metric would say otherwise in {:.0f} % of such series.",
        comparisons, 100 * wrong);
}

}  // namespace

std::string series_table(const std::vector<RunRecord>& runs,
                         const std::vector<profiler::Comparison>& comparisons) {
    if (runs.empty()) return "";
    const auto swept = swept_from_json(runs.front().what.series ? runs.front().what.series->swept
                                                                : nlohmann::json());
    std::string title;
    for (const SweptOption& option : swept)
        title += fmt::format("{}{}.{}", title.empty() ? "" : ", ", option.technique, option.option);
    std::vector<std::vector<std::string>> rows{{title, "run"}};
    const auto metrics = judged_metrics(runs);
    for (const MetricDefinition* metric : metrics)
        rows[0].insert(rows[0].end(), {profiler::metric_word(metric->title), ""});
    for (const RunRecord& run : runs) {
        const std::string label = swept_label(swept, run.what.recipe);
        std::vector<std::string> row{run.what.side == "baseline" ? "baseline" : label,
                                     std::to_string(run.id)};
        for (const MetricDefinition* metric : metrics) {
            const auto value = run.metrics.find(std::string(metric->id));
            row.push_back(value == run.metrics.end()
                              ? "—"
                              : figure(std::string(metric->id), value->second.value));
            row.push_back(verdict_text(of_run(comparisons, run.id), metric->id));
        }
        rows.push_back(std::move(row));
    }
    std::string text = name_text(runs.back().what.model_name) + "\n\n" + table(rows);
    if (!comparisons.empty() && comparisons.front().baseline != runs.front().id)
        text += fmt::format("\nThe verdicts are against run {}.", comparisons.front().baseline);
    text += notes_text(runs);
    std::vector<std::string> warnings;
    for (const profiler::Comparison& comparison : comparisons)
        for (const std::string& warning : comparison.warnings)
            if (std::find(warnings.begin(), warnings.end(), warning) == warnings.end())
                warnings.push_back(warning);
    for (const std::string& warning : warnings) text += "\nmind: " + printable(warning);
    return text + chances_text(comparisons.size()) + "\n";
}

}  // namespace hone::cli
