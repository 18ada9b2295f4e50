// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/share_bar_delegate.h"

#include <QApplication>
#include <QPainter>

#include "ui/theme/theme.h"

namespace hone::ui {

namespace {

constexpr int figureWidth = 56, barHeight = 6, shortestBar = 24;

}  // namespace

void ShareBarDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option,
                             const QModelIndex& index) const {
    QStyleOptionViewItem item = option;
    initStyleOption(&item, index);
    item.text.clear();
    const QWidget* widget = option.widget;
    const QStyle* style = widget != nullptr ? widget->style() : QApplication::style();
    style->drawControl(QStyle::CE_ItemViewItem, &item, painter, widget);
    const QVariant value = index.data(ShareRole);
    if (!value.isValid()) return;
    const double share = qBound(0.0, value.toDouble(), 1.0);
    const Palette& p = Theme::instance().palette();
    const QRect inner = option.rect.adjusted(spacing::inside, 0, -spacing::inside, 0);
    QRectF bar(inner.left(), inner.center().y() - barHeight / 2 + 1, inner.width() - figureWidth,
               barHeight);
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    if (bar.width() >= shortestBar) {
        painter->setPen(Qt::NoPen);
        painter->setBrush(p.pressed);
        painter->drawRoundedRect(bar, 3, 3);
        bar.setWidth(qMax(2.0, bar.width() * share));
        painter->setBrush(p.weights);
        painter->drawRoundedRect(bar, 3, 3);
    }
    painter->setFont(Theme::instance().font(TextStyle::tabular));
    painter->setPen(p.text);
    painter->drawText(inner, Qt::AlignRight | Qt::AlignVCenter,
                      index.data(Qt::DisplayRole).toString());
    painter->restore();
}

int ShareBarDelegate::leastWidth() {
    return figureWidth + 2 * spacing::inside;
}

QSize ShareBarDelegate::sizeHint(const QStyleOptionViewItem& option,
                                 const QModelIndex& index) const {
    return QSize(usualWidth, QStyledItemDelegate::sizeHint(option, index).height());
}

}  // namespace hone::ui
