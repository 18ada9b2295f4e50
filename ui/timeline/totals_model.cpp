// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/timeline/totals_model.h"

#include <QApplication>
#include <QLocale>
#include <QPainter>
#include <utility>

#include "ui/models/run_roles.h"
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

void TotalsModel::setTotals(std::vector<profiler::OperationTotal> totals) {
    beginResetModel();
    totals_ = std::move(totals);
    busy_ = 0;
    for (const profiler::OperationTotal& total : totals_) busy_ += static_cast<double>(total.duration);
    endResetModel();
}

int TotalsModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(totals_.size());
}

int TotalsModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : ColumnCount;
}

double TotalsModel::value(const profiler::OperationTotal& total, int column) const {
    const auto ns = static_cast<double>(total.duration);
    switch (column) {
        case Count:
            return static_cast<double>(total.count);
        case Time:
            return ns;
        case Share:
            return busy_ > 0 ? ns / busy_ : 0;
        case Bytes:
            return total.bytes;
        case Bandwidth:
            return ns > 0 ? total.bytes / ns : 0;
        case Flops:
            return total.flops;
        case Computation:
            return ns > 0 ? total.flops / ns : 0;
        default:
            return 0;
    }
}

QString TotalsModel::text(const profiler::OperationTotal& total, int column) const {
    const auto ns = static_cast<double>(total.duration);
    switch (column) {
        case Operation:
            return operationText(total.operation);
        case Count:
            return QLocale().toString(static_cast<qlonglong>(total.count));
        case Time:
            return formatNanoseconds(ns);
        case Share:
            return shareText(value(total, Share));
        case Bytes:
            return formatBytes(total.bytes);
        case Bandwidth:
            return formatBandwidth(total.bytes, ns);
        // Where nothing is computed, "0 GFLOP/s" would read as slow.
        case Flops:
            return total.flops > 0 ? formatFlops(total.flops) : QStringLiteral("–");
        case Computation:
            return total.flops > 0 ? formatComputation(total.flops, ns) : QStringLiteral("–");
        default:
            return {};
    }
}

QVariant TotalsModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid()) return {};
    const profiler::OperationTotal& total = totals_[static_cast<std::size_t>(index.row())];
    const int column = index.column();
    if (role == Qt::DisplayRole) return text(total, column);
    if (role == Qt::TextAlignmentRole)
        return static_cast<int>((column == Operation ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
    if (role == OperationRole) return static_cast<int>(total.operation);
    if (role == ShareBarDelegate::ShareRole && column == Share) return value(total, Share);
    if (role == SortRole) {
        if (column == Operation) return text(total, column);
        return value(total, column);
    }
    if (role == Qt::ToolTipRole && column == Time)
        return formatExact(static_cast<double>(total.duration), QStringLiteral("ns"));
    if (role == Qt::ToolTipRole && column == Bytes) return formatExact(total.bytes, QStringLiteral("B"));
    if (role == Qt::ToolTipRole && column == Flops) return formatExact(total.flops, QStringLiteral("FLOP"));
    return {};
}

QVariant TotalsModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal) return {};
    if (role == Qt::TextAlignmentRole)
        return static_cast<int>((section == Operation ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
    if (role == Qt::ToolTipRole && section == Share) return tr("Of the time of all operations in the range");
    if (role == Qt::ToolTipRole && section == Bytes)
        return tr(
            "What must come from memory: stored weights of a product, the positions that attention looks at");
    if (role == Qt::ToolTipRole && section == Flops)
        return tr("Multiplications and additions, counted apart");
    if (role != Qt::DisplayRole) return {};
    static const char* const titles[ColumnCount] = {
        QT_TR_NOOP("Operation"), QT_TR_NOOP("Count"), QT_TR_NOOP("Time"),  QT_TR_NOOP("Share"),
        QT_TR_NOOP("Bytes"),     QT_TR_NOOP("GB/s"),  QT_TR_NOOP("FLOPs"), QT_TR_NOOP("GFLOP/s")};
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

QSize OperationDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const {
    return FigureDelegate::sizeHint(option, index) + QSize(swatchRoom, 0);
}

}  // namespace hone::ui
