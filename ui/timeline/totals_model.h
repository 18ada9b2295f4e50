// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractTableModel>
#include <QStyledItemDelegate>
#include <vector>

#include "profiler/trace/trace.h"
#include "ui/pages/tables/figure_delegate.h"

namespace hone::ui {

// Totals by operation, a row each, as profiler::totals() gives them.
class TotalsModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Operation, Count, Time, Share, Bytes, Bandwidth, Flops, Computation, ColumnCount };
    static constexpr int OperationRole = Qt::UserRole + 200;  // int of profiler::Operation

    using QAbstractTableModel::QAbstractTableModel;
    void setTotals(std::vector<profiler::OperationTotal> totals);
    const std::vector<profiler::OperationTotal>& totals() const { return totals_; }

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    QString text(const profiler::OperationTotal& total, int column) const;
    double value(const profiler::OperationTotal& total, int column) const;
    std::vector<profiler::OperationTotal> totals_;
    double busy_ = 0;  // ns of all operations
};

// The operation's name behind a square of its colour, as in the timeline.
class OperationDelegate : public FigureDelegate {
    Q_OBJECT
public:
    using FigureDelegate::FigureDelegate;
    void paint(QPainter* painter, const QStyleOptionViewItem& option,
               const QModelIndex& index) const override;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

}  // namespace hone::ui
