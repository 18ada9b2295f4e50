// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/compare/runs_table.h"

#include <QContextMenuEvent>
#include <QHeaderView>
#include <QKeyEvent>
#include <QMenu>
#include <algorithm>

#include "ui/models/trace_tip.h"
#include "ui/theme/plain_text.h"
#include "ui/theme/theme.h"

namespace hone::ui {

namespace {

// Pixels. A recipe can be told from the others; what else has no room is scrolled to.
constexpr int recipeLeast = 180, statusWidth = 84, tagsMost = 160, noteMost = 240, modelMost = 220,
              pinWidth = 56, starWidth = 40;

}  // namespace

RunsTable::RunsTable(RunsModel& model, RunsProxy& proxy, QWidget* parent)
    : StuckRowsTable(tr("Stored runs"), parent), model_(model), proxy_(proxy) {
    setModel(&proxy);
    setSelectionMode(QAbstractItemView::ExtendedSelection);
    setEditTriggers(QAbstractItemView::DoubleClicked | QAbstractItemView::EditKeyPressed);
    setSortingEnabled(true);
    sortByColumn(RunsModel::When, Qt::DescendingOrder);
    horizontalHeader()->setMinimumSectionSize(36);
    horizontalHeader()->setResizeContentsPrecision(-1);
    horizontalHeader()->setSectionsMovable(true);
    horizontalHeader()->setFirstSectionMovable(false);
    setColumnWidth(RunsModel::Pin, pinWidth);
    setColumnWidth(RunsModel::Star, starWidth);
    for (const auto& [column, most] :
         {std::pair(RunsModel::Status, statusWidth), std::pair(RunsModel::Tags, tagsMost),
          std::pair(RunsModel::Note, noteMost), std::pair(RunsModel::Model, modelMost)})
        setMostWidth(column, most);
    setStretchedColumn(RunsModel::Recipe, recipeLeast);
    setDraggableColumns({RunsModel::Pin, RunsModel::Star});
    restoreColumns();
    followColumns();
    setStuckRows(proxy.topRows());
    connect(this, &QTableView::clicked, this, &RunsTable::clickCell);
    connect(this, &QTableView::doubleClicked, this, [this](const QModelIndex& index) {
        const auto* run = proxy_.run(index.row());
        const auto column = static_cast<RunsModel::Column>(index.column());
        const bool marked =
            column == RunsModel::Pin || column == RunsModel::Tick || column == RunsModel::Star;
        if (run != nullptr && !marked && !(index.flags() & Qt::ItemIsEditable))
            emit openRequested(run->id);
    });
    connect(selectionModel(), &QItemSelectionModel::currentRowChanged, this,
            &RunsTable::currentRunChanged);
    connect(&proxy, &RunsProxy::aboutToArrange, this, &RunsTable::keepPlace);
    connect(&proxy, &RunsProxy::arranged, this, &RunsTable::takePlace);
}

void RunsTable::keepPlace() {
    before_ = proxy_.ids();
    const int row = currentIndex().row();
    place_ = row >= 0 && row < static_cast<int>(before_.size()) ? proxy_.idAt(row) : 0;
    setAutoScroll(false);
}

// Where the current row went away, the next of those that stayed is the current one; Qt would take
// the last.
void RunsTable::takePlace() {
    setStuckRows(proxy_.topRows());
    if (place_ != 0 && proxy_.rowOf(place_) < 0) {
        const auto stays = [this](std::int64_t id) { return proxy_.rowOf(id) >= 0; };
        const auto at = std::find(before_.begin(), before_.end(), place_);
        auto next = std::find_if(at, before_.end(), stays);
        if (next == before_.end()) {
            const auto last = std::find_if(std::make_reverse_iterator(at), before_.rend(), stays);
            next = last == before_.rend() ? before_.end() : std::prev(last.base());
        }
        if (next != before_.end())
            setCurrentIndex(proxy_.index(proxy_.rowOf(*next), RunsModel::Recipe));
    }
    setAutoScroll(true);
}

std::optional<StuckRowsTable::Heading> RunsTable::headingAt(int row) const {
    if (!proxy_.isGroup(row)) return std::nullopt;
    return Heading{proxy_.index(row, RunsModel::Recipe).data().toString(), proxy_.isCollapsed(row)};
}

const profiler::RunRecord* RunsTable::currentRun() const {
    return currentIndex().isValid() ? proxy_.run(currentIndex().row()) : nullptr;
}

void RunsTable::selectRun(std::int64_t run) {
    const int row = model_.rowOf(run);
    if (row < 0) return;
    if (proxy_.rowOf(run) < 0) proxy_.setAllCollapsed(false);
    const QModelIndex index = proxy_.mapFromSource(model_.index(row, RunsModel::Recipe));
    setCurrentIndex(index);
    scrollTo(index);
}

std::vector<std::int64_t> RunsTable::selectedRuns() const {
    QModelIndexList rows = selectionModel()->selectedRows(RunsModel::Recipe);
    std::sort(rows.begin(), rows.end());  // from top to bottom, however they were selected
    std::vector<std::int64_t> runs;
    for (const QModelIndex& index : rows)
        if (const auto* run = proxy_.run(index.row())) runs.push_back(run->id);
    return runs;
}

// A baseline that is on top although the filter does not accept it is not meant.
void RunsTable::selectAll() {
    QItemSelection all;
    for (const std::int64_t run : proxy_.matching()) {
        const int row = proxy_.rowOf(run);
        if (row < 0) continue;
        all.merge({proxy_.index(row, 0), proxy_.index(row, proxy_.columnCount() - 1)},
                  QItemSelectionModel::Select);
    }
    selectionModel()->select(all, QItemSelectionModel::ClearAndSelect);
}

void RunsTable::clickCell(const QModelIndex& index) {
    if (proxy_.isGroup(index.row()))
        return proxy_.setCollapsed(index.row(), !proxy_.isCollapsed(index.row()));
    const auto* run = currentRun();
    if (run == nullptr) return;
    if (index.column() == RunsModel::Pin) emit pinRequested(run->id);
    if (index.column() == RunsModel::Tick) toggleTick();
    if (index.column() == RunsModel::Star) toggleStar();
}

void RunsTable::toggleTick() {
    if (const auto* run = currentRun()) model_.setTicked(run->id, !model_.isTicked(run->id));
}

// The run goes to the top, and the cursor stays where it was: on the row below.
void RunsTable::tickAndGoOn() {
    const QModelIndex now = currentIndex();
    const int below = now.row() + 1;
    const std::int64_t next = below < proxy_.rowCount() ? proxy_.idAt(below) : 0;
    toggleTick();
    if (next != 0 && proxy_.rowOf(next) >= 0)
        setCurrentIndex(proxy_.index(proxy_.rowOf(next), now.column()));
}

void RunsTable::toggleStar() {
    const auto* run = currentRun();
    if (run == nullptr) return;
    model_.setData(model_.index(model_.rowOf(run->id), RunsModel::Star), !run->starred,
                   Qt::CheckStateRole);
}

void RunsTable::editColumn(int column) {
    const QModelIndex index = currentIndex().siblingAtColumn(column);
    if (!index.isValid()) return;
    if (isColumnHidden(column)) {
        setColumnHidden(column, false);
        refit();
    }
    setCurrentIndex(index);
    scrollTo(index);
    edit(index);
}

bool RunsTable::groupKey(QKeyEvent* event) {
    const int row = currentIndex().row();
    if (!proxy_.isGroup(row) || event->modifiers() & ~Qt::KeypadModifier) return false;
    switch (event->key()) {
        case Qt::Key_Return:
        case Qt::Key_Enter:
        case Qt::Key_Space:
            proxy_.setCollapsed(row, !proxy_.isCollapsed(row));
            return true;
        case Qt::Key_Left:
        case Qt::Key_Right:
            proxy_.setCollapsed(row, event->key() == Qt::Key_Left);
            return true;
        default:
            return false;
    }
}

void RunsTable::keyPressEvent(QKeyEvent* event) {
    if (groupKey(event)) return;
    const auto* run = currentRun();
    if (event->modifiers() == (Qt::ControlModifier | Qt::ShiftModifier) &&
        (event->key() == Qt::Key_Left || event->key() == Qt::Key_Right))
        return moveColumn(event->key() == Qt::Key_Left ? -1 : 1);
    if (run != nullptr && run->what.series && event->key() == Qt::Key_R &&
        event->modifiers() == Qt::ShiftModifier)
        return rerunSeriesRequested();
    if (run == nullptr || event->modifiers() & ~Qt::KeypadModifier)
        return StuckRowsTable::keyPressEvent(event);
    switch (event->key()) {
        case Qt::Key_Space:
            return tickAndGoOn();
        case Qt::Key_Return:
        case Qt::Key_Enter:
            emit openRequested(run->id);
            return;
        case Qt::Key_B:
            emit pinRequested(run->id);
            return;
        case Qt::Key_S:
            return toggleStar();
        case Qt::Key_T:
            return editColumn(RunsModel::Tags);
        case Qt::Key_F2:
            return editColumn(RunsModel::Note);  // also on the tags, which T is for
        case Qt::Key_R:
            emit rerunRequested();
            return;
        case Qt::Key_V:
            if (run->trace_events > 0) emit traceRequested(run->id);
            return;
        case Qt::Key_Delete:
            emit deleteRequested();
            return;
        default:
            StuckRowsTable::keyPressEvent(event);
    }
}

void RunsTable::contextMenuEvent(QContextMenuEvent* event) {
    if (currentRun() == nullptr) return;
    QMenu menu(this);
    fillRunMenu(menu);
    menu.exec(event->globalPos());
}

void RunsTable::fillRunMenu(QMenu& menu) {
    const auto* run = currentRun();
    if (run == nullptr) return;
    menu.setToolTipsVisible(true);
    menu.addAction(tr("Open run %1\tReturn").arg(run->id), this,
                   [this, id = run->id] { emit openRequested(id); });
    menu.addSeparator();
    menu.addAction(tr("Compare the others with this run\tB"), this,
                   [this, id = run->id] { emit pinRequested(id); });
    menu.addAction(model_.isTicked(run->id) ? tr("Leave out of the comparison\tSpace")
                                            : tr("Show in the comparison\tSpace"),
                   this, &RunsTable::toggleTick);
    menu.addAction(run->starred ? tr("Remove the star\tS") : tr("Star\tS"), this,
                   &RunsTable::toggleStar);
    menu.addAction(tr("Edit the tags\tT"), this, [this] { editColumn(RunsModel::Tags); });
    menu.addAction(tr("Edit the note\tF2"), this, [this] { editColumn(RunsModel::Note); });
    menu.addSeparator();
    menu.addAction(Theme::instance().icon(QStringLiteral("refresh")), tr("Run again\tR"), this,
                   &RunsTable::rerunRequested);
    if (run->what.series)
        menu.addAction(Theme::instance().icon(QStringLiteral("refresh")),
                       tr("Run series %1 again\tShift+R").arg(run->what.series->id), this,
                       &RunsTable::rerunSeriesRequested);
    QAction* trace =
        menu.addAction(Theme::instance().icon(QStringLiteral("timeline")), tr("Show trace\tV"),
                       this, [this, id = run->id] { emit traceRequested(id); });
    trace->setEnabled(run->trace_events > 0);
    trace->setToolTip(plainTip(traceTip(*run)));
    menu.addAction(Theme::instance().icon(QStringLiteral("delete")), tr("Delete\tDel"), this,
                   &RunsTable::deleteRequested);
}

}  // namespace hone::ui
