// SPDX-License-Identifier: GPL-3.0-or-later
// Compare's buttons, and what is done with chosen runs.
#include <QCoreApplication>
#include <QLineEdit>
#include <QShortcut>

#include "ui/forms/schema_text.h"
#include "ui/models/trace_tip.h"
#include "ui/pages/compare/runs_table.h"
#include "ui/pages/compare/staying_menu.h"
#include "ui/pages/compare_page.h"
#include "ui/theme/plain_text.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/buttons.h"
#include "ui/widgets/elided_label.h"
#include "ui/widgets/focus.h"

namespace hone::ui {

namespace {

constexpr int filterLeast = 100, filterMost = 300;

}  // namespace

QList<QWidget*> ComparePage::headerWidgets() {
    filterBox_ = new QLineEdit;
    filterBox_->setPlaceholderText(QStringLiteral("model:smol decode>100"));
    filterBox_->setAccessibleName(tr("Filter the runs"));
    filterBox_->setToolTip(wrappedTip(RunFilter::help()));
    filterBox_->setClearButtonEnabled(true);
    filterBox_->setMinimumWidth(filterLeast);
    filterBox_->setMaximumWidth(filterMost);
    clearWithEscape(filterBox_);
    connect(filterBox_, &QLineEdit::textChanged, this, &ComparePage::filter);
    auto* find = new QShortcut(QKeySequence::Find, this);
    connect(find, &QShortcut::activated, filterBox_,
            [this] { filterBox_->setFocus(Qt::ShortcutFocusReason); });
    QList<QWidget*> widgets{filterBox_};
    addUndo(widgets);
    openButton_ = plainButton(tr("Open run"));
    openButton_->setToolTip(tr("Its recipe, workload, environment, samples and notes  Return"));
    connect(openButton_, &QPushButton::clicked, this, [this] {
        if (const auto* run = table_->currentRun()) emit table_->openRequested(run->id);
    });
    againButton_ = plainButton(tr("Run again"));
    againButton_->setToolTip(tr("Queue the experiments of the selected runs once more  R"));
    connect(againButton_, &QPushButton::clicked, this, &ComparePage::chooseRerun);
    traceButton_ = plainButton(tr("Show trace"));
    connect(traceButton_, &QPushButton::clicked, this, [this] {
        if (const auto* run = table_->currentRun()) emit session().traceRequested(run->id);
    });
    followCurrentTrace();
    QPushButton* columns = columnsButton_ = plainButton(tr("Columns"));
    connect(columns, &QPushButton::clicked, this, [this, columns] {
        StayingMenu menu(columns);
        table_->fillColumnMenu(menu);
        menu.exec(columns->mapToGlobal(QPoint(0, columns->height() + 2)));
    });
    widgets.append({openButton_, againButton_, traceButton_, columns});
    addExport(widgets);
    followRuns();
    return widgets;
}

void ComparePage::addUndo(QList<QWidget*>& into) {
    QPushButton* undo = plainButton(tr("Undo"));
    QUndoStack& stack = session().runEdits().undoStack();
    const auto follow = [&stack, undo] {
        undo->setEnabled(stack.canUndo());
        undo->setToolTip(plainTip(tr("Undo %1  Ctrl+Z").arg(stack.undoText())));
    };
    connect(&stack, &QUndoStack::indexChanged, undo, follow);
    connect(undo, &QPushButton::clicked, &stack, &QUndoStack::undo);
    follow();
    into.append(undo);
}

void ComparePage::addExport(QList<QWidget*>& into) {
    QPushButton* exporting = exportButton_ = plainButton(tr("Export…"));
    exporting->setToolTip(tr("Save the comparison as a report, or the runs with their figures"));
    connect(exporting, &QPushButton::clicked, this, [this, exporting] {
        QMenu menu(exporting);
        fillExportMenu(menu);
        menu.exec(exporting->mapToGlobal(QPoint(0, exporting->height() + 2)));
    });
    into.append(exporting);
}

void ComparePage::explainCurrent() {
    const profiler::RunRecord* run = table_->currentRun();
    if (run == nullptr || run->reason.empty()) {
        foot_->setTone(Tone::muted);
        foot_->setText(
            tr("Return opens a run · Space ticks it · B makes it the baseline · F2 writes a note"));
        return;
    }
    foot_->setTone(run->status == "failed" ? Tone::worse : Tone::text);
    foot_->setText(tr("Run %1 %2: %3")
                       .arg(QString::number(run->id),
                            QCoreApplication::translate("RunStatus", run->status.c_str()),
                            plainLine(run->reason)));
}

void ComparePage::followCurrentTrace() {
    if (traceButton_ == nullptr) return;
    const profiler::RunRecord* run = table_->currentRun();
    traceButton_->setEnabled(run != nullptr && run->trace_events > 0);
    traceButton_->setToolTip(run == nullptr ? tr("Select a run first")
                                            : wrappedTip(traceTip(*run)));
}

void ComparePage::tell(const QString& message, const QString& advice, const QString& action,
                       std::function<void()> act) {
    bannerAction_ = std::move(act);
    banner_->show(Banner::Kind::note, message, advice, action);
}

void ComparePage::remove() {
    const std::vector<std::int64_t> runs = table_->selectedRuns();
    if (runs.empty() || !session().runEdits().remove(runs)) return;
    tell(counted(static_cast<qint64>(runs.size()), tr("%1 run deleted."), tr("%1 runs deleted.")),
         {}, tr("Undo"), [this] { session().runEdits().undoStack().undo(); });
}

}  // namespace hone::ui
