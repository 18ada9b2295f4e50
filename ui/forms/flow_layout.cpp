// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/forms/flow_layout.h"

#include <QWidget>
#include <algorithm>

namespace hone::ui {

FlowLayout::FlowLayout(int horizontalSpacing, int verticalSpacing, QWidget* parent)
    : QLayout(parent), horizontal_(horizontalSpacing), vertical_(verticalSpacing) {
    setContentsMargins(0, 0, 0, 0);
}

FlowLayout::~FlowLayout() {
    qDeleteAll(items_);
}

void FlowLayout::addItem(QLayoutItem* item) {
    items_.append(item);
}

QLayoutItem* FlowLayout::takeAt(int index) {
    return index >= 0 && index < items_.size() ? items_.takeAt(index) : nullptr;
}

QSize FlowLayout::minimumSize() const {
    QSize size;
    for (const QLayoutItem* item : items_)
        if (!item->isEmpty()) size = size.expandedTo(item->minimumSize());
    return size;
}

QSize FlowLayout::sizeHint() const {
    int width = 0;
    for (const QLayoutItem* item : items_)
        if (!item->isEmpty()) width += item->sizeHint().width() + horizontal_;
    return {std::max(0, width - horizontal_), minimumSize().height()};
}

void FlowLayout::setGeometry(const QRect& rect) {
    QLayout::setGeometry(rect);
    arrange(rect, true);
}

void FlowLayout::placeLine(const QList<QLayoutItem*>& line, const QPoint& corner, int height,
                           int spacing) {
    int x = corner.x();
    for (QLayoutItem* item : line) {
        const QSize size = item->sizeHint();
        item->setGeometry(QRect(QPoint(x, corner.y() + (height - size.height()) / 2), size));
        x += size.width() + spacing;
    }
}

int FlowLayout::arrange(const QRect& rect, bool apply) const {
    QList<QLayoutItem*> line;
    int width = 0, height = 0, y = rect.top();
    const auto finishLine = [&] {
        if (line.isEmpty()) return;
        if (apply) placeLine(line, QPoint(rect.left(), y), height, horizontal_);
        y += height + vertical_;
        line.clear();
        width = height = 0;
    };
    for (QLayoutItem* item : items_) {
        if (item->isEmpty()) continue;
        const QSize size = item->sizeHint();
        if (!line.isEmpty() && width + size.width() > rect.width()) finishLine();
        line.append(item);
        width += size.width() + horizontal_;
        height = std::max(height, size.height());
    }
    finishLine();
    return std::max(0, y - vertical_ - rect.top());
}

}  // namespace hone::ui
