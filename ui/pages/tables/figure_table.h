// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QTableView>

namespace hone::ui {

// A table of figures in the window's look: lines between rows, no grid, columns as wide as what they hold.
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

protected:
    void resizeEvent(QResizeEvent* event) override;
    void updateGeometries() override;

private:
    void fitRows();
    void fitStretched();
    int fittingRows_ = -1;
    int stretched_ = -1, least_ = 0;  // column, pixels
};

}  // namespace hone::ui
