// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QMap>
#include <QTableView>
#include <QTimer>

namespace hone::ui {

// A table of figures in the window's look: lines between rows, no grid, columns as wide as what
// they hold. With draggable columns that is where they begin: what was dragged stays as it is, and
// is remembered.
class FigureTable : public QTableView {
    Q_OBJECT
public:
    explicit FigureTable(const QString& accessibleName, QWidget* parent = nullptr);

    void setModel(QAbstractItemModel* model) override;
    // As high as its rows, at most `rows`; 0: any number. Follows the model.
    void setFittingRows(int rows);
    // It takes what the others leave, but not less than `least` pixels: then the table scrolls.
    void setStretchedColumn(int column, int least = 0);
    // As wide as its cells are now, whatever a hidden header says.
    void fitColumn(int column);
    // The others' widths follow what they hold until they are dragged; `fixed` ones keep theirs.
    void setDraggableColumns(const QList<int>& fixed = {});
    // What it takes where room is short: a long note would push all else away. Room that is left it
    // may have.
    void setMostWidth(int column, int pixels);
    void setDraggedWidths(const QMap<int, int>& widths);  // by column
    QMap<int, int> draggedWidths() const { return dragged_; }
    // Room that is left is shared by the columns from this one on.
    void setSharingFrom(int column);
    // Columns that are hidden where all have no room, the empty ones first, then in this order.
    // What they say must be said in another's tooltip, too.
    void setGivingWay(const QList<int>& columns);

    void refit() { fitColumns(); }  // after columns were shown or hidden

signals:
    void columnDragged(int column);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void updateGeometries() override;

private:
    void fitRows();
    void fitColumns();
    void shareRoom();
    void widenCapped();
    void giveWay();
    bool holdsAnything(int column) const;
    int cap(int column) const;
    int fullWidth(int column) const;
    int neededWidth(int column) const;
    void fitStretched();
    int fittingRows_ = -1;
    int stretched_ = -1, least_ = 0;  // column, pixels
    int sharingFrom_ = -1;
    bool draggable_ = false, fitting_ = false, headerPressed_ = false;
    QList<int> fixed_, givingWay_;
    QMap<int, int> dragged_, most_;  // column, pixels
    // Measuring a column asks every row: measured once, until what it holds is another.
    mutable QMap<int, int> measured_, caps_;
    QTimer soon_;
};

}  // namespace hone::ui
