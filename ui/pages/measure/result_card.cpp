// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/measure/result_card.h"

#include <QCoreApplication>
#include <QHeaderView>
#include <algorithm>

#include "ui/forms/schema_text.h"
#include "ui/models/ledger_model.h"
#include "ui/models/metric_text.h"
#include "ui/models/runs_model.h"
#include "ui/models/series.h"
#include "ui/models/trace_tip.h"
#include "ui/tables/figure_table.h"
#include "ui/theme/plain_text.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/buttons.h"

namespace hone::ui {

ResultCard::ResultCard(Session& session, QWidget* parent)
    : Card(tr("Result"), parent),
      session_(session),
      model_(new ComparisonModel(this)),
      title_(new TextLabel({}, TextStyle::body, Tone::muted)),
      table_(new FigureTable(tr("Verdicts of the last measurement"))),
      alone_(new TextLabel),
      notes_(new TextLabel({}, TextStyle::body, Tone::warning)),
      banner_(new Banner),
      button_(plainButton(tr("Show in Compare"))),
      trace_(plainButton(tr("Show trace"))) {
    model_->setMetrics(LedgerModel::metrics());
    title_->setWordWrap(true);
    title_->setContentsMargins(15, 0, 15, 0);
    alone_->setWordWrap(true);
    alone_->setContentsMargins(15, 0, 15, 0);
    notes_->setWordWrap(true);
    notes_->setContentsMargins(15, 0, 15, 0);
    table_->setModel(model_);
    table_->setFittingRows(0);
    table_->setStretchedColumn(0);
    auto* buttons = new QHBoxLayout;
    buttons->setContentsMargins(15, 2, 15, 4);
    buttons->addWidget(button_);
    buttons->addWidget(trace_);
    buttons->addStretch();
    auto* inset = new QVBoxLayout;
    inset->setContentsMargins(15, 0, 15, 0);
    inset->addWidget(banner_);
    body()->setContentsMargins(0, spacing::inside, 0, spacing::inside);
    body()->addWidget(title_);
    body()->addLayout(inset);
    body()->addWidget(table_);
    body()->addWidget(alone_);
    body()->addWidget(notes_);
    body()->addLayout(buttons);
    connect(button_, &QPushButton::clicked, this, [this] {
        session_.requestPage(QStringLiteral("compare"));
        emit session_.runRequested(run_);
    });
    connect(trace_, &QPushButton::clicked, this, [this] { emit session_.traceRequested(run_); });
    hide();
}

// Empty, for whatever comes.
void ResultCard::begin(const QString& title) {
    setTitle(title);
    show();
    banner_->clear();
    alone_->clear();
    model_->clear();
    table_->hide();
    alone_->hide();
    notes_->hide();
    button_->hide();
    trace_->hide();
}

void ResultCard::nameButton(const QString& name) {
    button_->setText(name);
    button_->setAccessibleName(name);
}

void ResultCard::nameRun(const profiler::RunRecord& run) {
    run_ = run.id;
    title_->setText(tr("Run %1").arg(runName(run)));
    nameButton(tr("Show in Compare"));
    button_->show();
    trace_->setEnabled(run.trace_events > 0);
    trace_->setToolTip(wrappedTip(traceTip(run)));
    trace_->show();
}

void ResultCard::showResult(const MeasureResult& result) {
    begin(tr("Result"));
    measured_ = true;
    if (result.status == "failed")
        banner_->showError(
            result.error.value_or(ErrorDetails{tr("It failed.").toStdString(), {}, {}, {}, {}}), {},
            tr("What was measured until then is stored."));
    if (result.status == "cancelled")
        banner_->show(Banner::Kind::note, tr("Cancelled."),
                      tr("What was measured until then is stored."));
    if (result.runs.empty()) return;
    const auto run = session_.store().load(result.runs.back());
    if (!run) return;
    nameRun(*run);
    if (run->what.series) return showSeries(result);
    if (result.status != "done") return;
    if (result.comparisons.size() == 1)
        showComparison(*run, result.comparisons.front());
    else
        showAlone(*run);
}

void ResultCard::showStored(const std::optional<profiler::RunRecord>& baseline,
                            const std::optional<profiler::RunRecord>& run) {
    if (measured_) return;
    const auto& shown = run ? run : baseline;
    if (!shown) return hide();
    begin(tr("Last result"));
    nameRun(*shown);
    if (run && baseline && run->id != baseline->id)
        showComparison(*run, profiler::compare(session_.store(), *baseline, *run));
    else
        showAlone(*shown);
}

void ResultCard::showComparison(const profiler::RunRecord& run,
                                const profiler::Comparison& comparison) {
    const auto baseline = session_.store().load(comparison.baseline);
    if (!baseline) return;
    title_->setText(tr("Run %1 against run %2").arg(runName(run), QString::number(baseline->id)));
    nameButton(tr("Compare with baseline"));
    model_->setRuns(*baseline, {run}, {comparison});
    table_->fitColumn(1);
    table_->show();
    showNotes(run, model_->warnings());
}

// Where results first appear stands what makes them weaker than they look.
void ResultCard::showNotes(const profiler::RunRecord& run, const QStringList& warnings) {
    QStringList notes = warnings;
    for (const std::string& each : run.notes_from_run) {
        const QString note = plainLine(each);
        const QString fact = note.section(QLatin1Char(':'), 0, 0);
        const bool told = std::any_of(warnings.begin(), warnings.end(),
                                      [&](const QString& line) { return line.contains(fact); });
        if (!told) notes.append(note);
    }
    notes.removeDuplicates();
    notes_->setText(notes.join(QLatin1Char('\n')));
    notes_->setVisible(!notes.isEmpty());
}

// A line a candidate, with what it is judged by; the figures are in Compare.
void ResultCard::showSeries(const MeasureResult& result) {
    QStringList lines;
    std::int64_t shown = 0;
    for (const std::int64_t id : result.runs) {
        const auto run = session_.store().load(id);
        if (!run || run->what.side == "baseline") continue;
        QStringList words;
        for (const profiler::Comparison& comparison : result.comparisons) {
            if (comparison.candidate != id) continue;
            shown = id;
            for (const profiler::ComparedMetric& metric : comparison.metrics) {
                const profiler::Role role = profiler::find_metric(metric.id)->role;
                if (role != profiler::Role::speed && role != profiler::Role::accuracy) continue;
                const VerdictText verdict = verdictText(metric);
                words.append(metricTitle(metric.id) + QLatin1Char(' ') + verdict.text +
                             (verdict.interval.isEmpty()
                                  ? QString()
                                  : QStringLiteral(" (%1)").arg(verdict.interval)));
            }
        }
        if (words.isEmpty())
            words.append(QCoreApplication::translate("RunStatus", run->status.c_str()));
        lines.append(
            QStringLiteral("%1: %2").arg(nameInSeries(*run), words.join(QStringLiteral(" · "))));
    }
    if (shown > 0) {
        run_ = shown;
        nameButton(tr("Compare the series"));
    }
    title_->setText(tr("Series of %1, against one baseline")
                        .arg(counted(lines.size(), tr("%1 candidate"), tr("%1 candidates"))));
    trace_->hide();
    alone_->setText(lines.join(QLatin1Char('\n')));
    alone_->show();
}

// A baseline has nothing to be compared with: its own figures.
void ResultCard::showAlone(const profiler::RunRecord& run) {
    QStringList lines;
    for (const std::string& metric : LedgerModel::metrics())
        if (const auto value = metricOf(run, metric))
            lines.append(QStringLiteral("%1: %2").arg(
                metricTitle(metric), formatMetric(QString::fromStdString(metric), value->value)));
    alone_->setText(lines.join(QLatin1Char('\n')));
    alone_->show();
    showNotes(run, {});
}

}  // namespace hone::ui
