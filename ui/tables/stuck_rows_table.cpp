// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/tables/stuck_rows_table.h"

#include <QHeaderView>
#include <QPainter>
#include <QScrollBar>
#include <algorithm>

#include "ui/tables/figure_delegate.h"
#include "ui/theme/theme.h"

namespace hone::ui {

void StuckRowsTable::setStuckRows(int rows) {
    if (rows == stuck_) return;
    stuck_ = rows;
    viewport()->update();
}

int StuckRowsTable::stuckRows() const {
    const int seen = viewport()->height() / spacing::rowHeight;
    return std::min(stuck_, std::max(1, seen / 2));
}

int StuckRowsTable::band() const {
    return stuckRows() * spacing::rowHeight;
}

std::optional<StuckRowsTable::Heading> StuckRowsTable::headingAt(int) const {
    return std::nullopt;
}

QModelIndex StuckRowsTable::indexAt(const QPoint& point) const {
    if (model() == nullptr || point.y() < 0 || point.y() >= band())
        return FigureTable::indexAt(point);
    return model()->index(point.y() / spacing::rowHeight, columnAt(point.x()));
}

QRect StuckRowsTable::visualRect(const QModelIndex& index) const {
    QRect rect = FigureTable::visualRect(index);
    if (index.isValid() && index.row() < stuckRows())
        rect.moveTop(index.row() * spacing::rowHeight);
    return rect;
}

// A row that has come into sight below the band of those that are stuck.
void StuckRowsTable::scrollTo(const QModelIndex& index, ScrollHint hint) {
    QScrollBar* bar = verticalScrollBar();
    const int before = bar->value();
    FigureTable::scrollTo(index, hint);
    if (!index.isValid()) return;
    if (index.row() < stuckRows())
        bar->setValue(before);
    else if (hint != PositionAtBottom && index.row() - bar->value() < stuckRows())
        bar->setValue(index.row() - stuckRows());
}

void StuckRowsTable::scrollContentsBy(int dx, int dy) {
    FigureTable::scrollContentsBy(dx, dy);
    viewport()->update();  // what is stuck was moved with the rest
}

void StuckRowsTable::selectionChanged(const QItemSelection& selected,
                                      const QItemSelection& deselected) {
    FigureTable::selectionChanged(selected, deselected);
    viewport()->update();
}

void StuckRowsTable::currentChanged(const QModelIndex& current, const QModelIndex& previous) {
    FigureTable::currentChanged(current, previous);
    viewport()->update();
}

void StuckRowsTable::paintEvent(QPaintEvent* event) {
    FigureTable::paintEvent(event);
    if (model() == nullptr || model()->rowCount() == 0) return;
    QPainter painter(viewport());
    const int last = viewport()->height();
    for (int row = std::max(0, rowAt(0)); row < model()->rowCount(); ++row) {
        const int top = rowViewportPosition(row);
        if (top >= last) break;
        if (const auto heading = headingAt(row)) paintHeading(painter, row, top, *heading);
    }
    const int rows = std::min(stuckRows(), model()->rowCount());
    if (rows == 0) return;
    const Palette& p = Theme::instance().palette();
    painter.fillRect(0, 0, viewport()->width(), band(), p.surface);
    for (int row = 0; row < rows; ++row) paintRow(painter, row, row * spacing::rowHeight);
    if (rows < model()->rowCount())
        painter.fillRect(0, band() - 1, viewport()->width(), 1, p.strongBorder);
}

void StuckRowsTable::paintRow(QPainter& painter, int row, int top) {
    QStyleOptionViewItem option;
    initViewItemOption(&option);
    for (int column = 0; column < model()->columnCount(); ++column) {
        if (isColumnHidden(column)) continue;
        option.rect =
            QRect(columnViewportPosition(column), top, columnWidth(column), spacing::rowHeight);
        if (!option.rect.intersects(viewport()->rect())) continue;
        const QModelIndex index = model()->index(row, column);
        option.state = QStyle::State_Enabled | QStyle::State_Active;
        option.state.setFlag(QStyle::State_Selected, selectionModel()->isSelected(index));
        option.state.setFlag(QStyle::State_HasFocus, hasFocus() && index == currentIndex());
        style()->drawPrimitive(QStyle::PE_PanelItemViewRow, &option, &painter, this);
        itemDelegateForIndex(index)->paint(&painter, option, index);
    }
}

void StuckRowsTable::paintHeading(QPainter& painter, int row, int top, const Heading& heading) {
    const Theme& theme = Theme::instance();
    const Palette& p = theme.palette();
    const QRect rect(0, top, viewport()->width(), spacing::rowHeight);
    const bool current = currentIndex().row() == row;
    painter.fillRect(rect, selectionModel()->isRowSelected(row, {}) ? p.accentSoft : p.sunken);
    painter.fillRect(QRect(0, rect.bottom(), rect.width(), 1), p.grid);
    const QString icon =
        heading.collapsed ? QStringLiteral("chevron-right") : QStringLiteral("chevron-down");
    painter.drawPixmap(FigureDelegate::padding, top + (rect.height() - spacing::iconSize) / 2,
                       theme.pixmap(icon, spacing::iconSize, p.mutedText, devicePixelRatioF()));
    painter.setFont(theme.font(TextStyle::strong));
    painter.setPen(p.text);
    const int left = FigureDelegate::padding + spacing::iconSize + spacing::inside;
    painter.drawText(
        rect.adjusted(left, 0, -FigureDelegate::padding, 0), Qt::AlignVCenter | Qt::TextSingleLine,
        painter.fontMetrics().elidedText(heading.text, Qt::ElideRight, rect.width() - left));
    if (!current || !hasFocus()) return;
    painter.setPen(QPen(p.accent, 1.5));
    painter.drawRect(rect.adjusted(1, 1, -2, -2));
}

}  // namespace hone::ui
