// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QStyledItemDelegate>

namespace hone::ui {

// Paints a cell by the roles of ui/models/run_roles.h: tone, strength, a small muted suffix, and marks (radio, check, star).
// Figures, which are right-aligned, are set in the face whose digits are of equal width.
class FigureDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    static constexpr int padding = 12;

    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter* painter, const QStyleOptionViewItem& option,
               const QModelIndex& index) const override;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;

private:
    struct Texts {
        QString text, suffix;
        QFont font, suffixFont;
        int textWidth = 0, suffixWidth = 0;
    };
    static Texts textsOf(const QModelIndex& index);
    static void paintTexts(QPainter& painter, const QRect& rect, const Texts& texts, const QModelIndex& index,
                           const QStyleOptionViewItem& option);
};

}  // namespace hone::ui
