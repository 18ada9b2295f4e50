// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/timeline/totals_model.h"

#include <QApplication>
#include <QLocale>
#include <QPainter>
#include <algorithm>
#include <utility>

#include "ui/models/run_roles.h"
#include "ui/theme/plain_text.h"
#include "ui/theme/theme.h"
#include "ui/timeline/trace_text.h"
#include "ui/widgets/share_bar_delegate.h"

namespace hone::ui {

namespace {

constexpr int swatch = 10, swatchRoom = 18;

// To a tenth of a per cent: what is less does not matter, and three digits would be read.
QString shareText(double share) {
    if (share > 0 && share < 0.0005) return QStringLiteral("<\u20090.1\u00a0%");
    return QLocale().toString(100 * share, 'f', 1) + QStringLiteral("\u00a0%");
}

}  // namespace

QString groupName(const profiler::KernelGroup& group, profiler::GroupBy by) {
    if (by != profiler::GroupBy::layer) return QString::fromStdString(group.name);
    return group.layer < 0 ? TotalsModel::tr("outside the layers")
                           : TotalsModel::tr("layer %1").arg(group.layer);
}

QString launchText(const profiler::KernelLaunch& launch) {
    const auto& [grid, block, registers, shared, counters] = launch;
    QString text = TotalsModel::tr("grid %1×%2×%3, blocks of %4")
                       .arg(grid[0])
                       .arg(grid[1])
                       .arg(grid[2])
                       .arg(block[0] * block[1] * block[2]);
    if (registers > 0) text += TotalsModel::tr(", %1 registers a thread").arg(registers);
    if (shared > 0) text += TotalsModel::tr(", %1 shared").arg(formatBytes(shared));
    return text;
}

void TotalsModel::setTotals(std::vector<profiler::KernelGroup> totals, profiler::GroupBy by,
                            const profiler::CudaTraceFacts& facts) {
    beginResetModel();
    totals_ = std::move(totals);
    facts_ = facts;
    by_ = by;
    endResetModel();
    emit headerDataChanged(Qt::Horizontal, 0, ColumnCount - 1);
}

int TotalsModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(totals_.size());
}

int TotalsModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : ColumnCount;
}

double TotalsModel::value(const profiler::KernelGroup& total, int column) const {
    switch (column) {
        case Count:
            return static_cast<double>(total.count);
        case Time:
            return static_cast<double>(total.total);
        case Share:
            return total.share;
        case Mean:
            return static_cast<double>(total.total) /
                   static_cast<double>(std::max<std::int64_t>(1, total.count));
        case Bytes:
            return total.bytes;
        case Bandwidth:
            return total.bandwidth();
        case Flops:
            return total.flops;
        case Computation:
            return total.flops_rate();
        case Peak:
            return profiler::share_of_peak(total, facts_).value_or(-1);
        case Dram:
            return total.counted() ? total.counted_bytes : -1;
        case Tensor:
            return total.counted() ? total.tensor() : -1;
        case Busy:
            return total.counted() ? total.busy() : -1;
        case Launch:
            return static_cast<double>(total.launch.grid[0]) * total.launch.grid[1] *
                   total.launch.grid[2];
        default:
            return total.layer;
    }
}

QString TotalsModel::text(const profiler::KernelGroup& total, int column) const {
    const auto ns = static_cast<double>(total.total);
    const QString none = QStringLiteral("–");
    switch (column) {
        case Name:
            return groupName(total, by_);
        case Count:
            return QLocale().toString(static_cast<qlonglong>(total.count));
        case Time:
            return formatNanoseconds(ns);
        case Share:
            return shareText(total.share);
        case Mean:
            return formatNanoseconds(value(total, Mean));
        case Bytes:
            return total.bytes > 0 ? formatBytes(total.bytes) : none;
        case Bandwidth:
            return total.bytes > 0 ? formatBandwidth(total.bytes, ns) : none;
        // Where nothing is computed, "0 GFLOP/s" would read as slow.
        case Flops:
            return total.flops > 0 ? formatFlops(total.flops) : none;
        case Computation:
            return total.flops > 0 ? formatComputation(total.flops, ns) : none;
        case Peak: {
            const auto peak = profiler::share_of_peak(total, facts_);
            return peak && *peak > 0 ? shareText(*peak) : none;
        }
        case Dram:
            return total.counted() ? formatBytes(total.counted_bytes) : none;
        case Tensor:
            return total.counted() ? shareText(total.tensor()) : none;
        case Busy:
            return total.counted() ? shareText(total.busy()) : none;
        case Launch:
            return total.launch.block[0] == 0
                       ? none
                       : QStringLiteral("%1×%2×%3 × %4")
                             .arg(total.launch.grid[0])
                             .arg(total.launch.grid[1])
                             .arg(total.launch.grid[2])
                             .arg(total.launch.block[0] * total.launch.block[1] *
                                  total.launch.block[2]);
        default:
            return {};
    }
}

QVariant TotalsModel::tip(const profiler::KernelGroup& total, int column) const {
    switch (column) {
        case Name:
            return plainTip(groupName(total, by_));
        case Time:
            return formatExact(static_cast<double>(total.total), QStringLiteral("ns"));
        case Mean:
            return tr("shortest %1, longest %2")
                .arg(formatNanoseconds(static_cast<double>(total.shortest)),
                     formatNanoseconds(static_cast<double>(total.longest)));
        case Bytes:
            return formatExact(total.bytes, QStringLiteral("B"));
        case Dram:
            return total.counted() ? QVariant(formatExact(total.counted_bytes, QStringLiteral("B")))
                                   : QVariant();
        case Flops:
            return formatExact(total.flops, QStringLiteral("FLOP"));
        case Launch:
            return total.launch.block[0] == 0 ? QVariant() : QVariant(launchText(total.launch));
        default:
            return {};
    }
}

QVariant TotalsModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid()) return {};
    const profiler::KernelGroup& total = totals_[static_cast<std::size_t>(index.row())];
    const int column = index.column();
    if (role == Qt::DisplayRole) return text(total, column);
    if (role == Qt::TextAlignmentRole)
        return static_cast<int>((column == Name ? Qt::AlignLeft : Qt::AlignRight) |
                                Qt::AlignVCenter);
    if (role == OperationRole) return static_cast<int>(total.operation);
    if (role == ShareBarDelegate::ShareRole && column == Share) return total.share;
    if (role == SortRole) {
        if (column == Name && by_ != profiler::GroupBy::layer) return text(total, column);
        return value(total, column);
    }
    if (role == Qt::ToolTipRole) return tip(total, column);
    return {};
}

QVariant TotalsModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal) return {};
    if (role == Qt::TextAlignmentRole)
        return static_cast<int>((section == Name ? Qt::AlignLeft : Qt::AlignRight) |
                                Qt::AlignVCenter);
    if (role == Qt::ToolTipRole && section == Share)
        return tr("Share of the time of all that the table shows");
    if (role == Qt::ToolTipRole && section == Bytes)
        return tr(
            "What must come from memory, by the operation's formula: stored weights of a product, "
            "the "
            "positions that attention "
            "looks at");
    if (role == Qt::ToolTipRole && section == Flops)
        return tr("Multiplications and additions, counted apart, by the operation's formula");
    if (role == Qt::ToolTipRole && section == Peak)
        return tr(
            "The larger of two shares: of the bandwidth of a large copy, and of the FLOP/s of a "
            "large BF16 "
            "product, both "
            "measured on this device");
    if (role == Qt::ToolTipRole && section == Dram)
        return tr("Counted by the hardware: bytes between the device's memory and its L2 cache");
    if (role == Qt::ToolTipRole && section == Tensor)
        return tr(
            "Counted by the hardware: of the cycles in which a multiprocessor had work, those of "
            "its tensor "
            "cores");
    if (role == Qt::ToolTipRole && section == Busy)
        return tr(
            "Counted by the hardware: of an operation's cycles, those in which a multiprocessor "
            "had work; "
            "the gap before its first "
            "kernel counts too");
    if (role == Qt::ToolTipRole && section == Launch)
        return tr("Grid × threads of a block, of the longest");
    if (role != Qt::DisplayRole) return {};
    if (section == Name && by_ != profiler::GroupBy::operation)
        return by_ == profiler::GroupBy::kernel ? tr("Kernel") : tr("Layer");
    static const char* const titles[ColumnCount] = {
        QT_TR_NOOP("Operation"), QT_TR_NOOP("Count"),   QT_TR_NOOP("Time"), QT_TR_NOOP("Share"),
        QT_TR_NOOP("Mean"),      QT_TR_NOOP("Bytes"),   QT_TR_NOOP("GB/s"), QT_TR_NOOP("FLOPs"),
        QT_TR_NOOP("GFLOP/s"),   QT_TR_NOOP("Of peak"), QT_TR_NOOP("DRAM"), QT_TR_NOOP("Tensor"),
        QT_TR_NOOP("SM"),        QT_TR_NOOP("Launch")};
    return tr(titles[section]);
}

void OperationDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option,
                              const QModelIndex& index) const {
    QStyleOptionViewItem shifted = option;
    const QStyle* style = option.widget ? option.widget->style() : QApplication::style();
    style->drawPrimitive(QStyle::PE_PanelItemViewItem, &shifted, painter, option.widget);
    shifted.rect.setLeft(option.rect.left() + swatchRoom);
    FigureDelegate::paint(painter, shifted, index);
    QRect box(0, 0, swatch, swatch);
    box.moveCenter(option.rect.center());
    box.moveLeft(option.rect.left() + padding);
    const auto operation = static_cast<std::size_t>(index.data(TotalsModel::OperationRole).toInt());
    painter->fillRect(box, Theme::instance().palette().operations[operation]);
}

QSize OperationDelegate::sizeHint(const QStyleOptionViewItem& option,
                                  const QModelIndex& index) const {
    return FigureDelegate::sizeHint(option, index) + QSize(swatchRoom, 0);
}

}  // namespace hone::ui
