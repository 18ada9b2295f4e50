// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractTableModel>
#include <QStyledItemDelegate>
#include <vector>

#include "profiler/trace/kernel_table.h"
#include "ui/tables/figure_delegate.h"

namespace hone::ui {

// Figures by operation, kernel or layer, a row each, as profiler::group_events() gives them.
class TotalsModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column {
        Name,
        Count,
        Time,
        Share,
        Mean,
        Bytes,
        Bandwidth,
        Flops,
        Computation,
        Peak,
        Dram,
        Tensor,
        Busy,
        Launch,
        ColumnCount
    };
    static constexpr int OperationRole = Qt::UserRole + 200;  // int of profiler::Operation

    using QAbstractTableModel::QAbstractTableModel;
    // `facts` of the device whose peaks the figures are held against.
    void setTotals(std::vector<profiler::KernelGroup> totals, profiler::GroupBy by,
                   const profiler::CudaTraceFacts& facts);
    const std::vector<profiler::KernelGroup>& totals() const { return totals_; }
    profiler::GroupBy grouping() const { return by_; }

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    QString text(const profiler::KernelGroup& total, int column) const;
    QVariant tip(const profiler::KernelGroup& total, int column) const;
    double value(const profiler::KernelGroup& total, int column) const;
    std::vector<profiler::KernelGroup> totals_;
    profiler::GroupBy by_ = profiler::GroupBy::operation;
    profiler::CudaTraceFacts facts_;
};

// What a group is called: the operation's or kernel's name, "layer 7", "outside the layers".
QString groupName(const profiler::KernelGroup& group, profiler::GroupBy by);
// "grid 4×1×1, blocks of 128, 40 registers a thread, 2.05 kB shared"
QString launchText(const profiler::KernelLaunch& launch);

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
