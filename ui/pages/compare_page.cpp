// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/compare_page.h"

#include <QLineEdit>
#include <QScrollBar>
#include <QSettings>
#include <QShortcut>
#include <QSplitter>
#include <QVBoxLayout>
#include <algorithm>

#include "ui/models/series.h"
#include "ui/pages/compare/charts_card.h"
#include "ui/pages/compare/comparison_card.h"
#include "ui/pages/compare/no_match.h"
#include "ui/pages/compare/runs_table.h"
#include "ui/pages/compare/table_bar.h"
#include "ui/theme/plain_text.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/elided_label.h"
#include "ui/widgets/empty_state.h"

namespace hone::ui {

namespace {

constexpr int minute = 60'000;  // milliseconds
constexpr int reloadPause = 300, rowsAtLeast = 6, belowHeight = 260, splitterStep = 40;
// How the room is shared until a splitter is moved.
constexpr int tableShare = 480, belowShare = 480, comparisonShare = 500, chartsShare = 400;
const QString splitterKey = QStringLiteral("compare/splitter"),
              belowKey = QStringLiteral("compare/splitterBelow");

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
      bar_(new TableBar(model_, proxy_, [this] { return view(); })),
      noMatch_(new NoMatch(*table_)),
      foot_(new ElidedLabel({}, TextStyle::caption, Tone::muted)),
      splitter_(new QSplitter(Qt::Vertical)),
      below_(new QSplitter(Qt::Horizontal)),
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
    connect(&session, &Session::pinnedBaselineChanged, this, [this] {
        model_.setPinned(this->session().pinnedBaseline());
        if (!this->session().pinnedBaseline() && ticksRestored_) pinSomething();
    });
    connect(&session, &Session::runRequested, this, [this](qint64 run) { showRun(run); });
    minute_.setInterval(minute);
    connect(&minute_, &QTimer::timeout, &model_, &RunsModel::refreshTimes);
    minute_.start();
    auto* again = new QShortcut(QKeySequence::Refresh, this);
    connect(again, &QShortcut::activated, this, [this] {
        if (!table_->isEditing()) reload();
    });
    followTable();
    followBar();
}

QWidget* ComparePage::makeContent() {
    comparison_->setMinimumHeight(belowHeight);
    below_->addWidget(comparison_);
    below_->addWidget(charts_);
    splitter_->addWidget(makeTablePane());
    splitter_->addWidget(below_);
    splitter_->setCollapsible(0, false);
    for (QSplitter* splitter : {splitter_, below_}) {
        splitter->setHandleWidth(12);
        splitter->setStretchFactor(0, splitter == splitter_ ? 3 : 5);
        splitter->setStretchFactor(1, 4);
    }
    splitter_->setSizes({tableShare, belowShare});
    below_->setSizes({comparisonShare, chartsShare});
    splitter_->handle(1)->setToolTip(
        tr("Drag it to give the table or the comparison more room  Ctrl+Shift+Down, "
           "Ctrl+Shift+Up"));
    keepSplitters();
    return splitter_;
}

// What is said appears below the table: rows do not move under the pointer.
QWidget* ComparePage::makeTablePane() {
    auto* pane = new QWidget;
    auto* column = new QVBoxLayout(pane);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(8);
    filterError_->setWordWrap(true);
    filterError_->hide();
    auto* card = new Card;
    card->setFlush(true);
    card->body()->setSpacing(0);
    table_->setMinimumHeight(spacing::headerHeight + rowsAtLeast * spacing::rowHeight);
    foot_->setContentsMargins(12, 0, 12, 0);
    foot_->setFixedHeight(spacing::controlHeight);
    card->body()->addWidget(bar_);
    card->body()->addWidget(table_, 1);
    card->body()->addWidget(foot_);
    column->addWidget(card, 1);
    column->addWidget(filterError_);
    column->addWidget(banner_);
    return pane;
}

void ComparePage::keepSplitters() {
    for (const auto& [splitter, key] :
         {std::pair(splitter_, splitterKey), std::pair(below_, belowKey)}) {
        splitter->restoreState(QSettings().value(key).toByteArray());
        connect(splitter, &QSplitter::splitterMoved, this, [splitter = splitter, key = key] {
            QSettings().setValue(key, splitter->saveState());
        });
    }
    const auto add = [this](Qt::Key key, int by) {
        auto* shortcut = new QShortcut(QKeySequence(Qt::CTRL | Qt::SHIFT | key), this, nullptr,
                                       nullptr, Qt::WidgetWithChildrenShortcut);
        connect(shortcut, &QShortcut::activated, this, [this, by] { moveSplitter(by); });
    };
    add(Qt::Key_Down, splitterStep);
    add(Qt::Key_Up, -splitterStep);
}

void ComparePage::moveSplitter(int by) {
    QList<int> sizes = splitter_->sizes();
    by = std::clamp(by, -sizes[0], sizes[1]);
    splitter_->setSizes({sizes[0] + by, sizes[1] - by});
    QSettings().setValue(splitterKey, splitter_->saveState());
}

void ComparePage::followBar() {
    connect(&proxy_, &RunsProxy::arranged, this, &ComparePage::tellNoMatch);
    connect(noMatch_, &NoMatch::triggered, this, &ComparePage::showAll);
    connect(bar_, &TableBar::viewChosen, this, &ComparePage::setView);
}

void ComparePage::followTable() {
    connect(table_, &RunsTable::pinRequested, this, &ComparePage::pin);
    connect(table_, &RunsTable::deleteRequested, this, &ComparePage::remove);
    connect(table_, &RunsTable::rerunRequested, this, &ComparePage::rerun);
    connect(table_, &RunsTable::rerunSeriesRequested, this, &ComparePage::rerunSeries);
    connect(table_, &RunsTable::openRequested, this,
            [this](qint64 run) { session().openRun(run, QStringLiteral("compare")); });
    connect(charts_, &ComparisonChartsCard::runClicked, table_, &RunsTable::selectRun);
    connect(charts_, &ComparisonChartsCard::runDoubleClicked, this, [this](qint64 run) {
        if (session().pinnedBaseline() != run) model_.setTicked(run, !model_.isTicked(run));
    });
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

// Back from a run's page one is where one was.
QWidget* ComparePage::entry() {
    return model_.rowCount() == 0 ? nullptr : table_;
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
    table_->followModels();
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
    openButton_->setEnabled(any && table_->currentRun() != nullptr);
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
    // A baseline belongs to a model: the open one's comes first.
    const std::string open = session().checkpoint().toStdString();
    for (const bool own : {true, false})
        if (pinNewest([&](const profiler::RunRecord& run) {
                return run.status == "done" && (run.what.model_source == open) == own;
            }))
            return;
}

bool ComparePage::pinNewest(const std::function<bool(const profiler::RunRecord&)>& meant) {
    for (const profiler::RunRecord& run : model_.runs()) {
        if (!meant(run) || !run.what.paired_with || model_.find(*run.what.paired_with) == nullptr)
            continue;
        if (model_.ticked().empty()) model_.tick(candidatesBeside(model_.runs(), run));
        pin(*run.what.paired_with);
        return true;
    }
    for (const profiler::RunRecord& run : model_.runs()) {
        if (!meant(run) || run.what.side != "baseline") continue;
        pin(run.id);
        return true;
    }
    return false;
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

// An empty table says why, and offers what fills it.
void ComparePage::tellNoMatch() {
    const QString text = filterBox_ == nullptr ? QString() : filterBox_->text();
    if (proxy_.tickedOnly() && model_.ticked().empty())
        noMatch_->tell(proxy_.topRows(), tr("No run is ticked."), tr("Show all runs"));
    else if (proxy_.matching().empty() && !text.trimmed().isEmpty() && !proxy_.tickedOnly())
        noMatch_->tell(proxy_.topRows(), tr("No run matches “%1”.").arg(text.trimmed()),
                       tr("Clear the filter"));
    else
        noMatch_->hide();
}

void ComparePage::showAll() {
    proxy_.setTickedOnly(false);
    if (filterBox_ != nullptr) filterBox_->clear();
    table_->setFocus(Qt::OtherFocusReason);
}

RunView ComparePage::view() const {
    RunView view = table_->view();
    view.filter = filterBox_ == nullptr ? QString() : filterBox_->text();
    return view;
}

void ComparePage::setView(const RunView& view) {
    table_->setView(view);
    if (filterBox_ != nullptr) filterBox_->setText(view.filter);
}

void ComparePage::compare() {
    const profiler::RunRecord* baseline = model_.pinned() ? model_.find(*model_.pinned()) : nullptr;
    std::vector<profiler::RunRecord> ticked, others;
    for (const std::int64_t id : model_.ticked())
        if (baseline == nullptr || id != baseline->id) ticked.push_back(*model_.find(id));
    for (const std::int64_t id : proxy_.matching())
        if (!model_.isTicked(id) && (baseline == nullptr || id != baseline->id))
            others.push_back(*model_.find(id));
    try {
        comparison_->compare(baseline, ticked);
        charts_->setRuns(baseline, std::move(ticked), std::move(others));
    } catch (const std::exception& error) {
        banner_->showError(error, tr("The runs could not be compared."));
    }
}

}  // namespace hone::ui
