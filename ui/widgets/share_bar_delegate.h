// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QStyledItemDelegate>

namespace hone::ui {

// Paints a share in [0, 1] (role `ShareRole`) as a bar with its percentage right of it. Where there
// is no room for a bar that says anything there is the percentage alone.
class ShareBarDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    static constexpr int ShareRole = Qt::UserRole + 100;
    static constexpr int usualWidth = 150;  // pixels
    static int leastWidth();                // pixels: the percentage alone
    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter* painter, const QStyleOptionViewItem& option,
               const QModelIndex& index) const override;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

}  // namespace hone::ui
