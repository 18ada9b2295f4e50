// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QStyledItemDelegate>

namespace hone::ui {

// Paints a share in [0, 1] (role `ShareRole`) as a bar with its percentage right of it.
class ShareBarDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    static constexpr int ShareRole = Qt::UserRole + 100;
    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter* painter, const QStyleOptionViewItem& option,
               const QModelIndex& index) const override;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

}  // namespace hone::ui
