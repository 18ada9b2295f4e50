// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include "profiler/statistics/metric_rows.h"

// What the columns of RunsModel are called and hold; columns are numbered as RunsModel::Column.
namespace hone::ui {

struct PlainColumn {
    const char* id;     // remembered by: never renamed
    const char* title;  // nothing but figures has none
    bool shown;         // What most tables do not need leaves its room to the recipe.
};

const profiler::MetricDefinition* metricOfColumn(int column);  // null: the column is no metric's
const PlainColumn& plainColumn(int column);                    // one that is no metric's
QString columnTitle(int column);
bool isFigure(int column);  // aligned to the right

}  // namespace hone::ui
