// SPDX-License-Identifier: Apache-2.0
#include "app/hone/series_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "app/hone/terminal.h"
#include "engine/base/printable.h"
#include "engine/base/text_width.h"
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

const profiler::ComparedMetric* of_metric(const profiler::Comparison* comparison,
                                          std::string_view id) {
    if (comparison == nullptr) return nullptr;
    const auto found =
        std::find_if(comparison->metrics.begin(), comparison->metrics.end(),
                     [id](const profiler::ComparedMetric& each) { return each.id == id; });
    return found == comparison->metrics.end() ? nullptr : &*found;
}

// Sentences, each once, with the runs that it is of.
class Notes {
public:
    void add(const std::string& sentence, std::int64_t run) {
        const auto found = std::find_if(notes_.begin(), notes_.end(), [&](const Note& note) {
            return note.sentence == sentence;
        });
        Note& note = found == notes_.end() ? notes_.emplace_back(Note{sentence, {}}) : *found;
        if (note.runs.empty() || note.runs.back() != run) note.runs.push_back(run);
    }

    std::vector<std::string> lines(std::size_t all) const {
        std::vector<std::string> result;
        for (const auto& [sentence, runs] : notes_) {
            const std::string who =
                runs.size() == all
                    ? "all runs"
                    : fmt::format("run{} {}", runs.size() == 1 ? "" : "s", fmt::join(runs, ", "));
            result.push_back(who + ": " + sentence);
        }
        return result;
    }

private:
    struct Note {
        std::string sentence;
        std::vector<std::int64_t> runs;
    };
    std::vector<Note> notes_;
};

class SeriesTable {
public:
    SeriesTable(const std::vector<RunRecord>& runs,
                const std::vector<profiler::Comparison>& comparisons, std::size_t columns)
        : runs_(runs), comparisons_(comparisons), columns_(columns) {
        const auto& series = runs.front().what.series;
        if (series) swept_ = swept_from_json(series->swept);
    }

    std::string text();

private:
    void add_keys();
    void add_metric(const MetricDefinition& metric);
    std::string head() const;
    std::vector<std::string> lines() const;
    std::string chances() const;

    const std::vector<RunRecord>& runs_;
    const std::vector<profiler::Comparison>& comparisons_;
    std::size_t columns_;
    std::vector<SweptOption> swept_;
    std::vector<std::vector<std::string>> rows_;
    std::vector<std::size_t> groups_;
    Notes notes_;
};

// A column for each swept option, and the run's number.
void SeriesTable::add_keys() {
    rows_.assign(runs_.size() + 1, {});
    for (const SweptOption& option : swept_) {
        const auto alike = std::count_if(
            swept_.begin(), swept_.end(),
            [&option](const SweptOption& each) { return each.option == option.option; });
        rows_[0].push_back(alike > 1 ? option.technique + "." + option.option : option.option);
        for (std::size_t i = 0; i < runs_.size(); ++i) {
            const bool baseline = runs_[i].what.side == "baseline";
            const std::string value = swept_label({option}, runs_[i].what.recipe);
            rows_[i + 1].push_back(!value.empty() ? shortened(printable(value), columns_ / 4)
                                   : baseline && rows_[0].size() == 1 ? "baseline"
                                                                      : "—");
        }
    }
    rows_[0].emplace_back("run");
    for (std::size_t i = 0; i < runs_.size(); ++i)
        rows_[i + 1].push_back(std::to_string(runs_[i].id));
}

// Its figures, and beside them the verdicts, where there are any.
void SeriesTable::add_metric(const MetricDefinition& metric) {
    const std::string id(metric.id);
    std::vector<std::string> verdicts(runs_.size());
    for (std::size_t i = 0; i < runs_.size(); ++i) {
        const auto* compared = of_metric(of_run(comparisons_, runs_[i].id), id);
        if (compared == nullptr) continue;
        const profiler::ShownRatio shown = profiler::shown_ratio(*compared);
        verdicts[i] = profiler::interval_phrase(shown);
        if (shown.form == profiler::ShownRatio::Form::none)
            notes_.add(fmt::format("{} is not comparable: {}", profiler::metric_word(metric.title),
                                   printable(shown.reason)),
                       runs_[i].id);
    }
    const bool any = std::any_of(verdicts.begin(), verdicts.end(),
                                 [](const std::string& verdict) { return !verdict.empty(); });
    rows_[0].push_back(profiler::metric_word(metric.title));
    if (any) rows_[0].emplace_back();
    for (std::size_t i = 0; i < runs_.size(); ++i) {
        const auto value = runs_[i].metrics.find(id);
        rows_[i + 1].push_back(value == runs_[i].metrics.end() ? "—"
                                                               : figure(id, value->second.value));
        if (any) rows_[i + 1].push_back(verdicts[i]);
    }
    groups_.push_back(any ? 2 : 1);
}

std::string SeriesTable::head() const {
    std::string options;
    for (const SweptOption& option : swept_)
        options +=
            fmt::format("{}{}.{}", options.empty() ? "" : ", ", option.technique, option.option);
    const auto& series = runs_.front().what.series;
    return folded_line(fmt::format("{} · series {} of {}", name_text(runs_.back().what.model_name),
                                   series ? series->id : 0, printable(options)),
                       columns_) +
           "\n\n";
}

// What is to be known of the runs.
std::vector<std::string> SeriesTable::lines() const {
    std::vector<std::string> result;
    if (!comparisons_.empty() && comparisons_.front().baseline != runs_.front().id)
        result.push_back(
            fmt::format("The verdicts are against run {}.", comparisons_.front().baseline));
    Notes notes = notes_;
    for (const RunRecord& run : runs_) {
        if (run.status != "done")
            notes.add(printable(run.status) + ": " + printable(run.reason), run.id);
        for (const std::string& note : run.notes_from_run) notes.add(printable(note), run.id);
    }
    for (std::string& line : notes.lines(runs_.size())) result.push_back(std::move(line));
    for (const std::string& warning : profiler::warning_lines(comparisons_))
        result.push_back("mind: " + printable(warning));
    return result;
}

// Many verdicts are many chances for one to be wrong: docs/decisions/measuring.md.
std::string SeriesTable::chances() const {
    const std::size_t count = comparisons_.size();
    if (count < 2) return "";
    const double wrong = 1 - std::pow(profiler::kDecidingConfidence, static_cast<double>(count));
    return fmt::format(
        "Each verdict has a 99 % interval of its own. If {} candidates were just like the "
        "baseline, one or more of their verdicts on a metric would say otherwise in {:.0f} % of "
        "such series.",
        count, 100 * wrong);
}

std::string SeriesTable::text() {
    add_keys();
    const std::size_t keys = rows_[0].size();
    for (const MetricDefinition* metric : judged_metrics(runs_)) add_metric(*metric);
    std::string text =
        head() + (groups_.empty() ? table(rows_) : folded_table(rows_, keys, groups_, columns_));
    for (const std::string& line : lines()) text += "\n" + folded_line(line, columns_);
    if (const std::string told = chances(); !told.empty())
        text += "\n" + folded_line(told, columns_);
    return text.back() == '\n' ? text : text + "\n";
}

}  // namespace

std::string series_table(const std::vector<RunRecord>& runs,
                         const std::vector<profiler::Comparison>& comparisons,
                         std::size_t columns) {
    return runs.empty() ? "" : SeriesTable(runs, comparisons, columns).text();
}

}  // namespace hone::cli
