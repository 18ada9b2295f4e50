// SPDX-License-Identifier: GPL-3.0-or-later
// Measuring stored runs once more, from Compare.
#include <QMenu>
#include <QPushButton>
#include <algorithm>

#include "ui/models/series.h"
#include "ui/pages/compare/runs_table.h"
#include "ui/pages/compare_page.h"
#include "ui/theme/theme.h"
#include "ui/widgets/banner.h"

namespace hone::ui {

namespace {

QString candidatesText(std::size_t candidates) {
    return counted(static_cast<qint64>(candidates), ComparePage::tr("%1 candidate"),
                   ComparePage::tr("%1 candidates"));
}

std::size_t candidatesOf(const StoredSeries& series) {
    return static_cast<std::size_t>(
        std::count_if(series.runs.begin(), series.runs.end(),
                      [](const profiler::RunRecord& run) { return run.what.side != "baseline"; }));
}

// How a run of a series is measured by itself.
QString aloneText(const profiler::RunRecord& run) {
    const QString text =
        run.what.paired_with
            ? ComparePage::tr(
                  "Run %1 is of series %2 and is measured alone, against a baseline of "
                  "its own.")
            : ComparePage::tr("Run %1 is of series %2 and is measured alone.");
    return text.arg(run.id).arg(run.what.series->id);
}

}  // namespace

// A run of a series can be measured in two ways, so the button asks which.
void ComparePage::chooseRerun() {
    const profiler::RunRecord* run = table_->currentRun();
    if (run == nullptr || !run->what.series) return rerun();
    QMenu menu(againButton_);
    const std::size_t runs = table_->selectedRuns().size();
    menu.addAction(
        runs == 1 ? tr("Run %1 alone\tR").arg(run->id) : tr("The %1 selected runs\tR").arg(runs),
        this, &ComparePage::rerun);
    menu.addAction(tr("Series %1 as a whole\tShift+R").arg(run->what.series->id), this,
                   &ComparePage::rerunSeries);
    menu.exec(againButton_->mapToGlobal(QPoint(0, againButton_->height() + 2)));
}

void ComparePage::rerun() {
    const ChosenAgain again = chosenAgain(model_.runs(), table_->selectedRuns());
    if (again.runs.empty() && again.series.empty()) return;
    QStringList advice;
    try {
        for (const StoredSeries& series : again.series) {
            session().measureSeriesAgain(series.id);
            advice.append(tr("Series %1 is measured as a whole: %2, in turn.")
                              .arg(series.id)
                              .arg(candidatesText(candidatesOf(series))));
        }
        for (const profiler::RunRecord& run : again.runs) {
            session().measureAgain(run);
            if (run.what.series) advice.append(aloneText(run));
        }
    } catch (const std::exception& error) {
        banner_->showError(error, tr("The run cannot be measured again."));
        return;
    }
    constexpr qsizetype most = 2;
    if (advice.size() > most) advice = {tr("Runs of a series are measured alone.")};
    if (advice.isEmpty())
        advice.append(tr("What was measured against a baseline is so again."));
    else if (again.series.empty())
        advice.append(tr("Shift+R measures the whole series."));
    tellQueued(again.runs.size() + again.series.size(), advice.join(QLatin1Char(' ')));
}

void ComparePage::rerunSeries() {
    const profiler::RunRecord* run = table_->currentRun();
    if (run == nullptr || !run->what.series) return;
    const std::int64_t series = run->what.series->id;
    std::size_t candidates = 0;
    for (const StoredSeries& each : storedSeries(model_.runs()))
        if (each.id == series) candidates = candidatesOf(each);
    try {
        session().measureSeriesAgain(series);
    } catch (const std::exception& error) {
        banner_->showError(error, tr("The series cannot be measured again."));
        return;
    }
    tellQueued(1, tr("Series %1 is measured as a whole: %2, in turn.")
                      .arg(series)
                      .arg(candidatesText(candidates)));
}

void ComparePage::tellQueued(std::size_t experiments, const QString& advice) {
    tell(counted(static_cast<qint64>(experiments), tr("%1 experiment queued once more."),
                 tr("%1 experiments queued once more.")),
         advice + QLatin1Char(' ') + tr("The new runs appear here."), tr("Watch it"),
         [this] { session().requestPage(QStringLiteral("measure")); });
}

}  // namespace hone::ui
