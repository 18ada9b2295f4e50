// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/compare/runs_table.h"

#include <QContextMenuEvent>
#include <QHeaderView>
#include <QKeyEvent>
#include <QMenu>
#include <QSettings>

#include "ui/models/trace_tip.h"
#include "ui/theme/plain_text.h"
#include "ui/theme/theme.h"

namespace hone::ui {

namespace {

const QString hiddenKey = QStringLiteral("compare/hiddenColumnIds");
QStringList hiddenAtFirst() {
    QStringList columns;
    for (int column = 0; column < RunsModel::ColumnCount; ++column)
        if (!RunsModel::shownAtFirst(column)) columns.append(RunsModel::columnId(column));
    return columns;
}

const QString widthsKey = QStringLiteral("compare/columnWidths");
// Pixels. A recipe can be told from the others; what else has no room is scrolled to.
constexpr int recipeLeast = 180, statusWidth = 84, tagsMost = 160, noteMost = 240, modelMost = 220,
              pinWidth = 56, starWidth = 40;

}  // namespace

RunsTable::RunsTable(RunsModel& model, RunsProxy& proxy, QWidget* parent)
    : FigureTable(tr("Stored runs"), parent), model_(model), proxy_(proxy) {
    setModel(&proxy);
    setSelectionMode(QAbstractItemView::ExtendedSelection);
    setEditTriggers(QAbstractItemView::DoubleClicked | QAbstractItemView::EditKeyPressed);
    setSortingEnabled(true);
    sortByColumn(RunsModel::When, Qt::DescendingOrder);
    horizontalHeader()->setMinimumSectionSize(36);
    horizontalHeader()->setResizeContentsPrecision(-1);
    setColumnWidth(RunsModel::Pin, pinWidth);
    setColumnWidth(RunsModel::Star, starWidth);
    for (const auto& [column, most] :
         {std::pair(RunsModel::Status, statusWidth), std::pair(RunsModel::Tags, tagsMost),
          std::pair(RunsModel::Note, noteMost), std::pair(RunsModel::Model, modelMost)})
        setMostWidth(column, most);
    setStretchedColumn(RunsModel::Recipe, recipeLeast);
    setDraggableColumns({RunsModel::Pin, RunsModel::Star});
    restoreColumns();
    connect(this, &QTableView::clicked, this, &RunsTable::clickCell);
    connect(selectionModel(), &QItemSelectionModel::currentRowChanged, this,
            &RunsTable::currentRunChanged);
    connect(this, &FigureTable::columnDragged, this, [this] {
        QVariantMap widths;
        for (const auto& [column, width] : draggedWidths().asKeyValueRange())
            widths[RunsModel::columnId(column)] = width;
        QSettings().setValue(widthsKey, widths);
    });
}

const profiler::RunRecord* RunsTable::currentRun() const {
    const QModelIndex source = proxy_.mapToSource(currentIndex());
    return source.isValid() ? &model_.run(source.row()) : nullptr;
}

void RunsTable::selectRun(std::int64_t run) {
    const int row = model_.rowOf(run);
    if (row < 0) return;
    const QModelIndex index = proxy_.mapFromSource(model_.index(row, RunsModel::Recipe));
    setCurrentIndex(index);
    scrollTo(index);
}

std::vector<std::int64_t> RunsTable::selectedRuns() const {
    std::vector<std::int64_t> runs;
    for (const QModelIndex& index : selectionModel()->selectedRows(RunsModel::Recipe))
        runs.push_back(model_.run(proxy_.mapToSource(index).row()).id);
    return runs;
}

void RunsTable::clickCell(const QModelIndex& index) {
    const auto* run = currentRun();
    if (run == nullptr) return;
    if (index.column() == RunsModel::Pin) emit pinRequested(run->id);
    if (index.column() == RunsModel::Tick) toggleTick();
    if (index.column() == RunsModel::Star) toggleStar();
}

void RunsTable::toggleTick() {
    if (const auto* run = currentRun()) model_.setTicked(run->id, !model_.isTicked(run->id));
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

void RunsTable::keyPressEvent(QKeyEvent* event) {
    const auto* run = currentRun();
    if (run != nullptr && run->what.series && event->key() == Qt::Key_R &&
        event->modifiers() == Qt::ShiftModifier)
        return rerunSeriesRequested();
    if (run == nullptr || event->modifiers() != Qt::NoModifier)
        return FigureTable::keyPressEvent(event);
    switch (event->key()) {
        case Qt::Key_Space:
            return toggleTick();
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
            FigureTable::keyPressEvent(event);
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

void RunsTable::fillColumnMenu(QMenu& menu) {
    for (int column = RunsModel::Model; column < RunsModel::ColumnCount; ++column) {
        QAction* action =
            menu.addAction(model_.headerData(column, Qt::Horizontal, Qt::DisplayRole).toString());
        action->setCheckable(true);
        action->setChecked(!isColumnHidden(column));
        connect(action, &QAction::toggled, this, [this, column](bool shown) {
            setColumnHidden(column, !shown);
            refit();
            QStringList hidden;
            for (int i = 0; i < RunsModel::ColumnCount; ++i)
                if (isColumnHidden(i)) hidden.append(RunsModel::columnId(i));
            QSettings().setValue(hiddenKey, hidden);
        });
    }
}

void RunsTable::restoreColumns() {
    const QStringList hidden = QSettings().value(hiddenKey, hiddenAtFirst()).toStringList();
    for (int column = RunsModel::Model; column < RunsModel::ColumnCount; ++column)
        setColumnHidden(column, hidden.contains(RunsModel::columnId(column)));
    const QVariantMap widths = QSettings().value(widthsKey).toMap();
    QMap<int, int> dragged;
    for (int column = 0; column < RunsModel::ColumnCount; ++column)
        if (const int width = widths.value(RunsModel::columnId(column)).toInt(); width > 0)
            dragged[column] = width;
    setDraggedWidths(dragged);
}

}  // namespace hone::ui
