// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/charts/chart_table.h"

class QWidget;

namespace hone::ui {

// Opens a window beside the chart with its data as a table that can be read and copied by keyboard.
void showChartTable(const QString& title, const ChartTable& table, QWidget* parent);

}  // namespace hone::ui
