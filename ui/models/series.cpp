// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/series.h"

#include <QCoreApplication>
#include <QStringList>
#include <algorithm>
#include <map>

#include "engine/experiment/protocol/sweep.h"
#include "ui/theme/plain_text.h"

namespace hone::ui {

namespace {

QString tr(const char* text) {
    return QCoreApplication::translate("Series", text);
}

}  // namespace

QString seriesTitle(const profiler::Series& series) {
    QStringList options;
    for (const SweptOption& option : swept_from_json(series.swept))
        options.append(QString::fromStdString(option.option));
    return tr("Series %1: %2").arg(series.id).arg(plainLine(options.join(QStringLiteral(", "))));
}

std::vector<StoredSeries> storedSeries(const std::vector<profiler::RunRecord>& runs) {
    std::map<std::int64_t, StoredSeries, std::greater<>> found;
    for (const profiler::RunRecord& run : runs) {
        if (!run.what.series) continue;
        StoredSeries& series = found[run.what.series->id];
        series.id = run.what.series->id;
        if (series.title.isEmpty()) series.title = seriesTitle(*run.what.series);
        series.runs.push_back(run);
    }
    std::vector<StoredSeries> result;
    for (auto& [id, series] : found) {
        std::sort(series.runs.begin(), series.runs.end(),
                  [](const auto& a, const auto& b) { return a.id < b.id; });
        result.push_back(std::move(series));
    }
    return result;
}

QString nameInSeries(const profiler::RunRecord& run) {
    if (run.what.side == "baseline" || !run.what.series) return tr("baseline");
    const std::string label = swept_label(swept_from_json(run.what.series->swept), run.what.recipe);
    return plainLine(label.empty() ? run.what.recipe_label : label);
}

std::vector<std::int64_t> candidatesBeside(const std::vector<profiler::RunRecord>& runs,
                                           const profiler::RunRecord& run) {
    std::vector<std::int64_t> result{run.id};
    if (!run.what.series || run.what.side == "baseline") return result;
    for (const profiler::RunRecord& other : runs)
        if (other.id != run.id && other.what.series &&
            other.what.series->id == run.what.series->id && other.what.side != "baseline" &&
            other.status == "done")
            result.push_back(other.id);
    return result;
}

ChosenAgain chosenAgain(const std::vector<profiler::RunRecord>& all,
                        const std::vector<std::int64_t>& chosen) {
    const auto isChosen = [&chosen](const profiler::RunRecord& run) {
        return std::find(chosen.begin(), chosen.end(), run.id) != chosen.end();
    };
    ChosenAgain again;
    for (StoredSeries& series : storedSeries(all))
        if (std::all_of(series.runs.begin(), series.runs.end(), isChosen) && series.runs.size() > 1)
            again.series.push_back(std::move(series));
    for (const profiler::RunRecord& run : all) {
        const bool inSeries = std::any_of(
            again.series.begin(), again.series.end(), [&run](const StoredSeries& series) {
                return run.what.series && run.what.series->id == series.id;
            });
        if (isChosen(run) && !inSeries) again.runs.push_back(run);
    }
    return again;
}

}  // namespace hone::ui
