// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/tables/figure_table.h"

#include <QHeaderView>

#include "ui/pages/tables/figure_delegate.h"
#include "ui/theme/theme.h"

namespace hone::ui {

FigureTable::FigureTable(const QString& accessibleName, QWidget* parent) : QTableView(parent) {
    setAccessibleName(accessibleName);
    setItemDelegate(new FigureDelegate(this));
    setFrameShape(QFrame::NoFrame);
    setSelectionBehavior(QAbstractItemView::SelectRows);
    setSelectionMode(QAbstractItemView::SingleSelection);
    setEditTriggers(QAbstractItemView::NoEditTriggers);
    setShowGrid(false);
    setWordWrap(false);
    setTabKeyNavigation(false);
    setCornerButtonEnabled(false);
    setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
    viewport()->setAutoFillBackground(false);
    verticalHeader()->hide();
    verticalHeader()->setDefaultSectionSize(spacing::rowHeight);
    horizontalHeader()->setHighlightSections(false);
    horizontalHeader()->setMinimumSectionSize(40);
    horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
}

void FigureTable::setModel(QAbstractItemModel* model) {
    QTableView::setModel(model);
    connect(model, &QAbstractItemModel::modelReset, this, &FigureTable::fitRows);
    connect(model, &QAbstractItemModel::rowsInserted, this, &FigureTable::fitRows);
    connect(model, &QAbstractItemModel::rowsRemoved, this, &FigureTable::fitRows);
    fitRows();
}

void FigureTable::setFittingRows(int rows) {
    fittingRows_ = rows;
    fitRows();
}

void FigureTable::setStretchedColumn(int column, int least) {
    stretched_ = column;
    least_ = least;
    horizontalHeader()->setSectionResizeMode(column, QHeaderView::Stretch);
    fitStretched();
}

void FigureTable::resizeEvent(QResizeEvent* event) {
    QTableView::resizeEvent(event);
    fitStretched();
}

// Also where columns came, went or grew with what they hold.
void FigureTable::updateGeometries() {
    QTableView::updateGeometries();
    fitStretched();
}

void FigureTable::fitStretched() {
    if (stretched_ < 0 || least_ == 0 || model() == nullptr) return;
    QHeaderView* header = horizontalHeader();
    int others = 0;
    for (int column = 0; column < header->count(); ++column)
        if (column != stretched_ && !header->isSectionHidden(column)) others += header->sectionSize(column);
    const auto mode = viewport()->width() - others < least_ ? QHeaderView::Fixed : QHeaderView::Stretch;
    if (header->sectionResizeMode(stretched_) == mode) return;
    header->setSectionResizeMode(stretched_, mode);
    if (mode == QHeaderView::Fixed) header->resizeSection(stretched_, least_);
}

void FigureTable::fitColumn(int column) {
    horizontalHeader()->setSectionResizeMode(column, QHeaderView::Fixed);
    horizontalHeader()->setResizeContentsPrecision(-1);  // of every row, also before it is shown
    setColumnWidth(column, sizeHintForColumn(column));
}

void FigureTable::fitRows() {
    if (fittingRows_ < 0 || model() == nullptr) return;
    const int rows = fittingRows_ == 0 ? model()->rowCount() : qMin(fittingRows_, model()->rowCount());
    const int header = horizontalHeader()->isHidden() ? 0 : spacing::headerHeight;
    setFixedHeight(header + rows * spacing::rowHeight + 1);
    setVerticalScrollBarPolicy(rows == model()->rowCount() ? Qt::ScrollBarAlwaysOff : Qt::ScrollBarAsNeeded);
}

}  // namespace hone::ui
