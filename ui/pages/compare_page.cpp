// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/compare_page.h"

#include <QCoreApplication>
#include <QFileDialog>
#include <QLineEdit>
#include <QMenu>
#include <QScrollBar>
#include <QShortcut>
#include <QVBoxLayout>
#include <algorithm>

#include "ui/forms/schema_text.h"
#include "ui/models/series.h"
#include "ui/models/trace_tip.h"
#include "ui/pages/compare/charts_card.h"
#include "ui/pages/compare/comparison_card.h"
#include "ui/pages/compare/runs_table.h"
#include "ui/pages/compare/save_runs.h"
#include "ui/theme/plain_text.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/buttons.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/focus.h"

namespace hone::ui {

namespace {

constexpr int minute = 60'000;  // milliseconds
constexpr int reloadPause = 300, filterLeast = 100, filterMost = 300, rowsAtLeast = 6,
              belowHeight = 300;

}  // namespace

Page* makeComparePage(Session& session) {
    return new ComparePage(session);
}

ComparePage::ComparePage(Session& session, QWidget* parent)
    : Page(session, parent),
      model_(session.store(), session.runEdits()),
      proxy_(model_),
      stack_(new QStackedLayout),
      banner_(new Banner),
      filterError_(new TextLabel({}, TextStyle::caption, Tone::warning)),
      table_(new RunsTable(model_, proxy_)),
      comparison_(new ComparisonCard(session.store(), session.registry())),
      charts_(new ComparisonChartsCard(session.store())) {
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addLayout(stack_);
    auto* empty =
        new EmptyState(QStringLiteral("compare"), tr("No runs yet"),
                       tr("Every measurement is stored and appears here: tomorrow, too. Measure "
                          "the baseline first, then a recipe."),
                       tr("Measure…"));
    connect(empty, &EmptyState::triggered, this,
            [this] { this->session().requestPage(QStringLiteral("measure")); });
    stack_->addWidget(empty);
    stack_->addWidget(makeContent());
    pause_.setSingleShot(true);
    pause_.setInterval(reloadPause);
    connect(&pause_, &QTimer::timeout, this, [this] {
        // A run that ends must not take away the note that is being written.
        table_->isEditing() ? pause_.start() : reload();
    });
    connect(&session, &Session::runsChanged, this, [this] {
        stale_ = true;
        if (isVisible() && !pause_.isActive()) pause_.start();
    });
    connect(&session, &Session::pinnedBaselineChanged, this,
            [this] { model_.setPinned(this->session().pinnedBaseline()); });
    connect(&session, &Session::runRequested, this, [this](qint64 run) { showRun(run); });
    minute_.setInterval(minute);
    connect(&minute_, &QTimer::timeout, &model_, &RunsModel::refreshTimes);
    minute_.start();
    auto* again = new QShortcut(QKeySequence::Refresh, this);
    connect(again, &QShortcut::activated, this, [this] {
        if (!table_->isEditing()) reload();
    });
    followTable();
}

QWidget* ComparePage::makeContent() {
    auto* content = new QWidget;
    auto* column = new QVBoxLayout(content);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(12);
    filterError_->setWordWrap(true);
    filterError_->hide();
    auto* card = new Card;
    card->setFlush(true);
    table_->setMinimumHeight(spacing::headerHeight + rowsAtLeast * spacing::rowHeight);
    card->body()->addWidget(table_);
    column->addWidget(banner_);
    column->addWidget(filterError_);
    column->addWidget(card, 3);
    auto* below = new QHBoxLayout;
    below->setSpacing(12);
    comparison_->setMinimumHeight(belowHeight);
    below->addWidget(comparison_, 5);
    below->addWidget(charts_, 4);
    column->addLayout(below, 4);
    return content;
}

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
    QPushButton* undo = plainButton(tr("Undo"));
    QUndoStack& stack = session().runEdits().undoStack();
    const auto follow = [&stack, undo] {
        undo->setEnabled(stack.canUndo());
        undo->setToolTip(plainTip(tr("Undo %1  Ctrl+Z").arg(stack.undoText())));
    };
    connect(&stack, &QUndoStack::indexChanged, undo, follow);
    connect(undo, &QPushButton::clicked, &stack, &QUndoStack::undo);
    follow();
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
        QMenu menu(columns);
        table_->fillColumnMenu(menu);
        menu.exec(columns->mapToGlobal(QPoint(0, columns->height() + 2)));
    });
    QPushButton* exporting = exportButton_ = plainButton(tr("Export…"));
    exporting->setToolTip(tr("Save the ticked runs, or all that are shown"));
    connect(exporting, &QPushButton::clicked, this, [this, exporting] {
        QMenu menu(exporting);
        menu.addAction(tr("CSV…"), this,
                       [this] { askExport(profiler::ReportFormat::csv, QStringLiteral("csv")); });
        menu.addAction(tr("JSON…"), this,
                       [this] { askExport(profiler::ReportFormat::json, QStringLiteral("json")); });
        menu.addAction(tr("Markdown…"), this, [this] {
            askExport(profiler::ReportFormat::markdown, QStringLiteral("md"));
        });
        menu.exec(exporting->mapToGlobal(QPoint(0, exporting->height() + 2)));
    });
    followRuns();
    return {filterBox_, undo, againButton_, traceButton_, columns, exporting};
}

void ComparePage::followTable() {
    connect(table_, &RunsTable::pinRequested, this, &ComparePage::pin);
    connect(table_, &RunsTable::deleteRequested, this, &ComparePage::remove);
    connect(table_, &RunsTable::rerunRequested, this, &ComparePage::rerun);
    connect(table_, &RunsTable::rerunSeriesRequested, this, &ComparePage::rerunSeries);
    connect(table_, &RunsTable::traceRequested, &session(), &Session::traceRequested);
    connect(table_, &RunsTable::currentRunChanged, this, &ComparePage::explainCurrent);
    connect(table_, &RunsTable::currentRunChanged, this, &ComparePage::followCurrentTrace);
    connect(table_->selectionModel(), &QItemSelectionModel::selectionChanged, this,
            &ComparePage::followRuns);
    connect(&model_, &RunsModel::tickedChanged, this, &ComparePage::compare);
    connect(&model_, &RunsModel::tickedChanged, this, [this] {
        if (ticksRestored_) session().setTickedRuns(model_.ticked());
    });
    connect(&model_, &RunsModel::storeFailed, this, [this](const ErrorDetails& error) {
        banner_->showError(error, tr("The change was not stored."));
    });
    connect(banner_, &Banner::triggered, this, [this] {
        if (bannerAction_) bannerAction_();
    });
    RunEdits& edits = session().runEdits();
    connect(&edits, &RunEdits::removedOrRestored, this, [this] {
        banner_->clear();
        reload();
    });
    connect(&edits, &RunEdits::edited, banner_, &Banner::clear);
}

void ComparePage::shown() {
    if (stale_) reload();
}

void ComparePage::reload() {
    const auto* current = table_->currentRun();
    const std::int64_t selected = current == nullptr ? 0 : current->id;
    // What is at the top of the table stays there, unless that is the newest run.
    QScrollBar* scroll = table_->verticalScrollBar();
    const QPersistentModelIndex top =
        scroll->value() > 0 ? proxy_.index(scroll->value(), RunsModel::Recipe) : QModelIndex();
    try {
        model_.reload();
        stale_ = false;
    } catch (const std::exception& error) {
        stack_->setCurrentIndex(1);
        banner_->showError(error, tr("The store could not be read."));
        return;
    }
    const bool changed =
        session().runEdits().undoStack().count() > 0;  // something deleted may come back
    stack_->setCurrentIndex(model_.rowCount() == 0 && !changed ? 0 : 1);
    restoreTicks();
    pinSomething();
    // Only where it was lost: selecting anew would make one of several, and scroll.
    const auto* now = table_->currentRun();
    if (selected > 0 && (now == nullptr || now->id != selected)) table_->selectRun(selected);
    if (!table_->currentIndex().isValid() && proxy_.rowCount() > 0)
        table_->setCurrentIndex(proxy_.index(0, RunsModel::Recipe));
    if (top.isValid()) {
        const int across = table_->horizontalScrollBar()->value();
        table_->scrollTo(top);  // it lays the new rows out first
        scroll->setValue(top.row());
        table_->horizontalScrollBar()->setValue(across);
    }
    followCurrentTrace();
    followRuns();
}

// What is done with runs needs some.
void ComparePage::followRuns() {
    if (exportButton_ == nullptr) return;
    const bool any = model_.rowCount() > 0;
    againButton_->setEnabled(any && !table_->selectedRuns().empty());
    columnsButton_->setEnabled(any);
    exportButton_->setEnabled(any);
}

// Those of the last time, once the runs are known.
void ComparePage::restoreTicks() {
    if (ticksRestored_) return;
    const std::vector<std::int64_t> ticks = session().tickedRuns();
    for (const std::int64_t run : ticks)
        if (model_.find(run) != nullptr) model_.setTicked(run, true);
    ticksRestored_ = true;
    session().setTickedRuns(model_.ticked());
}

// A first look should show a comparison, not ask for one: the newest pair.
void ComparePage::pinSomething() {
    if (session().pinnedBaseline() && model_.find(*session().pinnedBaseline()) != nullptr)
        return model_.setPinned(session().pinnedBaseline());
    for (const profiler::RunRecord& run : model_.runs()) {
        if (run.status != "done" || !run.what.paired_with ||
            model_.find(*run.what.paired_with) == nullptr)
            continue;
        if (model_.ticked().empty()) model_.tick(candidatesBeside(model_.runs(), run));
        return pin(*run.what.paired_with);
    }
    for (const profiler::RunRecord& run : model_.runs())
        if (run.status == "done" && run.what.side == "baseline") return pin(run.id);
}

void ComparePage::pin(std::int64_t run) {
    session().setPinnedBaseline(run);
    model_.setPinned(run);
    model_.setTicked(run, false);
}

void ComparePage::showRun(std::int64_t run) {
    reload();
    const profiler::RunRecord* record = model_.find(run);
    if (record == nullptr) return;
    if (filterBox_ != nullptr) filterBox_->clear();
    // What was ticked before stays: this run comes to it.
    const auto pair = record->what.paired_with;
    if (pair && model_.find(*pair) != nullptr) pin(*pair);
    if (session().pinnedBaseline() != run) model_.tick(candidatesBeside(model_.runs(), *record));
    table_->selectRun(run);
    table_->setFocus();
}

void ComparePage::filter(const QString& text) {
    RunFilter filter = RunFilter::parse(text);
    filterError_->setText(filter.error());
    filterError_->setVisible(!filter.error().isEmpty());
    proxy_.setFilter(std::move(filter));
    compare();
}

void ComparePage::compare() {
    const profiler::RunRecord* baseline = model_.pinned() ? model_.find(*model_.pinned()) : nullptr;
    std::vector<profiler::RunRecord> ticked, others;
    for (const std::int64_t id : model_.ticked())
        if (baseline == nullptr || id != baseline->id) ticked.push_back(*model_.find(id));
    for (int row = 0; row < proxy_.rowCount(); ++row) {
        const profiler::RunRecord& run = model_.run(proxy_.mapToSource(proxy_.index(row, 0)).row());
        if (!model_.isTicked(run.id) && (baseline == nullptr || run.id != baseline->id))
            others.push_back(run);
    }
    try {
        comparison_->compare(baseline, ticked);
        charts_->setRuns(baseline, std::move(ticked), std::move(others));
    } catch (const std::exception& error) {
        banner_->showError(error, tr("The runs could not be compared."));
    }
}

void ComparePage::explainCurrent() {
    const profiler::RunRecord* run = table_->currentRun();
    if (run == nullptr) return;
    if (run->reason.empty()) {
        banner_->clear();
        return;
    }
    const bool failed = run->status == "failed";
    banner_->show(failed ? Banner::Kind::error : Banner::Kind::note,
                  tr("Run %1 %2: %3")
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

std::vector<profiler::RunRecord> ComparePage::chosenRuns() const {
    std::vector<profiler::RunRecord> runs;
    const auto ticked = model_.ticked();
    if (!ticked.empty()) {
        if (const auto* baseline = model_.pinned() ? model_.find(*model_.pinned()) : nullptr)
            runs.push_back(*baseline);
        for (const std::int64_t id : ticked)
            if (model_.pinned() != id) runs.push_back(*model_.find(id));
        return runs;
    }
    for (int row = 0; row < proxy_.rowCount(); ++row)
        runs.push_back(model_.run(proxy_.mapToSource(proxy_.index(row, 0)).row()));
    return runs;
}

std::optional<ErrorDetails> ComparePage::exportTo(const QString& path,
                                                  profiler::ReportFormat format) {
    return saveRuns(session().store(), chosenRuns(), format, path);
}

void ComparePage::askExport(profiler::ReportFormat format, const QString& suffix) {
    const QString path =
        QFileDialog::getSaveFileName(this, tr("Export the runs"), QStringLiteral("runs.") + suffix,
                                     QStringLiteral("*.") + suffix);
    if (path.isEmpty()) return;
    const std::optional<ErrorDetails> error = exportTo(path, format);
    if (!error)
        banner_->show(Banner::Kind::note, tr("%1 saved in %2.")
                                              .arg(counted(static_cast<qint64>(chosenRuns().size()),
                                                           tr("%1 run"), tr("%1 runs")),
                                                   path));
    else
        banner_->showError(*error);
}

}  // namespace hone::ui
