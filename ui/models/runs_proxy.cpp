// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/run_roles.h"
#include "ui/models/runs_model.h"

namespace hone::ui {

RunsProxy::RunsProxy(RunsModel& model, QObject* parent)
    : QSortFilterProxyModel(parent), model_(model) {
    setSourceModel(&model);
    setSortRole(SortRole);
}

void RunsProxy::setFilter(RunFilter filter) {
    filter_ = std::move(filter);
    invalidateFilter();
}

bool RunsProxy::filterAcceptsRow(int row, const QModelIndex&) const {
    return filter_.accepts(model_.run(row));
}

bool RunsProxy::lessThan(const QModelIndex& left, const QModelIndex& right) const {
    const QVariant a = left.data(SortRole), b = right.data(SortRole);
    // Runs without the figure come last, whichever way the column is sorted.
    if (!a.isValid() || !b.isValid())
        return (sortOrder() == Qt::AscendingOrder) == a.isValid() && a.isValid() != b.isValid();
    if (a.typeId() == QMetaType::QString)
        return QString::localeAwareCompare(a.toString(), b.toString()) < 0;
    return a.toDouble() < b.toDouble();
}

}  // namespace hone::ui
