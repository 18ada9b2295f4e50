// SPDX-License-Identifier: GPL-3.0-or-later
// Which columns the table of runs shows, in which order and how wide; all of it is kept.
#include <QHeaderView>
#include <QMenu>
#include <QSettings>
#include <algorithm>

#include "ui/pages/compare/runs_table.h"

namespace hone::ui {

namespace {

const QString hiddenKey = QStringLiteral("compare/hiddenColumnIds");
const QString widthsKey = QStringLiteral("compare/columnWidths");
const QString orderKey = QStringLiteral("compare/columnOrder");
// Whether the column of models was shown or hidden by hand.
const QString modelKey = QStringLiteral("compare/modelColumnChosen");

QStringList hiddenAtFirst() {
    QStringList columns;
    for (int column = 0; column < RunsModel::ColumnCount; ++column)
        if (!RunsModel::shownAtFirst(column)) columns.append(RunsModel::columnId(column));
    return columns;
}

int columnNamed(const QString& id) {
    for (int column = 0; column < RunsModel::ColumnCount; ++column)
        if (RunsModel::columnId(column) == id) return column;
    return -1;
}

}  // namespace

void RunsTable::followColumns() {
    connect(this, &FigureTable::columnDragged, this, [this] {
        QVariantMap widths;
        for (const auto& [column, width] : draggedWidths().asKeyValueRange())
            widths[RunsModel::columnId(column)] = width;
        QSettings().setValue(widthsKey, widths);
    });
    connect(horizontalHeader(), &QHeaderView::sectionMoved, this,
            [this] { QSettings().setValue(orderKey, columnOrder()); });
}

void RunsTable::setColumnShown(int column, bool shown) {
    setColumnHidden(column, !shown);
    if (column == RunsModel::Model) QSettings().setValue(modelKey, true);
    refit();
    keepColumns();
}

void RunsTable::keepColumns() const {
    QStringList hidden;
    for (int column = 0; column < RunsModel::ColumnCount; ++column)
        if (isColumnHidden(column)) hidden.append(RunsModel::columnId(column));
    QSettings().setValue(hiddenKey, hidden);
}

void RunsTable::followModels() {
    const bool shown = model_.models() > 1;
    if (QSettings().value(modelKey).toBool() || isColumnHidden(RunsModel::Model) != shown) return;
    setColumnHidden(RunsModel::Model, !shown);
    refit();
}

void RunsTable::fillColumnMenu(QMenu& menu) {
    for (const QString& id : columnOrder()) {
        const int column = columnNamed(id);
        if (column < RunsModel::Model) continue;
        QAction* action =
            menu.addAction(model_.headerData(column, Qt::Horizontal, Qt::DisplayRole).toString());
        action->setCheckable(true);
        action->setChecked(!isColumnHidden(column));
        connect(action, &QAction::toggled, this,
                [this, column](bool shown) { setColumnShown(column, shown); });
    }
    menu.addSeparator();
    menu.addAction(tr("Columns as at first"), this, [this] {
        for (const QString& key : {hiddenKey, widthsKey, orderKey, modelKey})
            QSettings().remove(key);
        restoreColumns();
        followModels();
    });
}

void RunsTable::restoreColumns() {
    const QStringList hidden = QSettings().value(hiddenKey, hiddenAtFirst()).toStringList();
    for (int column = RunsModel::Model; column < RunsModel::ColumnCount; ++column)
        setColumnHidden(column, hidden.contains(RunsModel::columnId(column)));
    QStringList order = QSettings().value(orderKey).toStringList();
    if (order.isEmpty())
        for (int column = 0; column < RunsModel::ColumnCount; ++column)
            order.append(RunsModel::columnId(column));
    setColumnOrder(order);
    const QVariantMap widths = QSettings().value(widthsKey).toMap();
    QMap<int, int> dragged;
    for (int column = 0; column < RunsModel::ColumnCount; ++column)
        if (const int width = widths.value(RunsModel::columnId(column)).toInt(); width > 0)
            dragged[column] = width;
    setDraggedWidths(dragged);
}

QStringList RunsTable::columnOrder() const {
    QStringList ids;
    for (int visual = 0; visual < RunsModel::ColumnCount; ++visual)
        ids.append(RunsModel::columnId(horizontalHeader()->logicalIndex(visual)));
    return ids;
}

// Columns that are not named, of a later version, come last. The first stays the first.
void RunsTable::setColumnOrder(const QStringList& ids) {
    QHeaderView* header = horizontalHeader();
    int visual = 1;
    for (const QString& id : ids) {
        const int column = columnNamed(id);
        if (column > RunsModel::Pin) header->moveSection(header->visualIndex(column), visual++);
    }
}

// The column of the current cell, past the next one that is shown.
void RunsTable::moveColumn(int by) {
    QHeaderView* header = horizontalHeader();
    const int column = currentIndex().column();
    const int from = header->visualIndex(column);
    int to = from + by;
    while (to > 0 && to < header->count() && header->isSectionHidden(header->logicalIndex(to)))
        to += by;
    if (column <= RunsModel::Pin || to < 1 || to >= header->count()) return;
    header->moveSection(from, to);
    scrollTo(currentIndex());
}

RunView RunsTable::view() const {
    RunView view;
    view.sortColumn = RunsModel::columnId(proxy_.sortColumn());
    view.descending = proxy_.sortOrder() == Qt::DescendingOrder;
    view.groupBy = RunsProxy::groupId(proxy_.groupBy());
    view.tickedOnly = proxy_.tickedOnly();
    for (const QString& id : columnOrder())
        if (!isColumnHidden(columnNamed(id))) view.columns.append(id);
    return view;
}

void RunsTable::setView(const RunView& view) {
    if (const int column = columnNamed(view.sortColumn); column >= 0)
        sortByColumn(column, view.descending ? Qt::DescendingOrder : Qt::AscendingOrder);
    proxy_.setGroupBy(RunsProxy::groupOf(view.groupBy));
    proxy_.setTickedOnly(view.tickedOnly);
    if (view.columns.isEmpty()) return;
    for (int column = RunsModel::Model; column < RunsModel::ColumnCount; ++column)
        setColumnHidden(column, !view.columns.contains(RunsModel::columnId(column)));
    setColumnOrder(view.columns);
    QSettings().setValue(modelKey, true);
    refit();
    keepColumns();
}

}  // namespace hone::ui
