// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QStyledItemDelegate>
#include <utility>

namespace hone::ui {

// Paints a cell by the roles of ui/models/run_roles.h: tone, strength, a small muted suffix, and
// marks (radio, check, star). Figures, which are right-aligned, are set in the face whose digits
// are of equal width. A suffix that has no room becomes "…", and the whole of what a cell says is
// then its tooltip, where it has none of its own.
class FigureDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    static constexpr int padding = 12;

    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter* painter, const QStyleOptionViewItem& option,
               const QModelIndex& index) const override;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    bool helpEvent(QHelpEvent* event, QAbstractItemView* view, const QStyleOptionViewItem& option,
                   const QModelIndex& index) override;
    // What a cell of that rectangle shows of the index: its text, and its suffix or "…".
    static std::pair<QString, QString> shown(const QModelIndex& index, const QRect& cell);
    // Pixels that show the index's text whole, and of its suffix at least "…".
    static int leastWidth(const QModelIndex& index);

private:
    struct Texts {
        QString text, suffix;
        QFont font, suffixFont;
        int textWidth = 0, suffixWidth = 0;
    };
    static Texts textsOf(const QModelIndex& index);
    static QRect inside(const QRect& cell, const QModelIndex& index, const Texts& texts);
    static void fit(Texts& texts, int width);
    static void paintTexts(QPainter& painter, const QRect& rect, const Texts& texts,
                           const QModelIndex& index, const QStyleOptionViewItem& option);
};

}  // namespace hone::ui
