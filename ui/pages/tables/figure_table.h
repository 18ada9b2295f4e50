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
    void setStretchedColumn(int column);
    // As wide as its cells are now, whatever a hidden header says.
    void fitColumn(int column);

private:
    void fitRows();
    int fittingRows_ = -1;
};

}  // namespace hone::ui
