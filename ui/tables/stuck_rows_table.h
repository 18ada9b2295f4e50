// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <optional>

#include "ui/tables/figure_table.h"

namespace hone::ui {

// A table whose first rows stay in sight while the others are scrolled below them, and which may
// have rows that are headings across all columns.
class StuckRowsTable : public FigureTable {
    Q_OBJECT
public:
    struct Heading {
        QString text;
        bool collapsed = false;
    };

    using FigureTable::FigureTable;
    // Never more than half of what is in sight: the rest is scrolled to.
    void setStuckRows(int rows);
    int stuckRows() const;

    QModelIndex indexAt(const QPoint& point) const override;
    QRect visualRect(const QModelIndex& index) const override;
    void scrollTo(const QModelIndex& index, ScrollHint hint = EnsureVisible) override;

protected:
    virtual std::optional<Heading> headingAt(int row) const;  // none: an ordinary row

    void paintEvent(QPaintEvent* event) override;
    void scrollContentsBy(int dx, int dy) override;
    void selectionChanged(const QItemSelection& selected,
                          const QItemSelection& deselected) override;
    void currentChanged(const QModelIndex& current, const QModelIndex& previous) override;

private:
    int band() const;  // pixels that the stuck rows take
    void paintRow(QPainter& painter, int row, int top);
    void paintHeading(QPainter& painter, int row, int top, const Heading& heading);
    int stuck_ = 0;
};

}  // namespace hone::ui
