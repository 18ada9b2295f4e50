// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <QStringList>
#include <vector>

namespace hone::ui {

// How the table of runs is looked at. Columns are named as RunsModel::columnId() names them.
struct RunView {
    QString name;
    QString filter;
    QString sortColumn;
    bool descending = true;
    QString groupBy;  // as RunsProxy::groupId()
    bool tickedOnly = false;
    QStringList columns;  // those that are shown, from left to right

    bool operator==(const RunView&) const = default;
};

// The views that were given a name, in the settings: kept across restarts, in the order of their
// names. What the settings hold and cannot be read is left out.
std::vector<RunView> savedViews();
void saveView(const RunView& view);  // in the place of one of that name
void removeView(const QString& name);

}  // namespace hone::ui
