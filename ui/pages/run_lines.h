// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "profiler/statistics/metrics.h"
#include "ui/charts/line_chart.h"
#include "ui/models/live_run.h"
#include "ui/models/run_samples.h"

class QComboBox;

namespace hone::ui {

// Runs as lines, the same on every page.

// Time of each token with the least and the largest around it, in ms.
LineSeries tokenTimeSeries(const QString& name, const ChartColor& color, const TokenTimes& times);

// A metric of windows as it converges, window by window, with its interval.
bool isOfWindows(const profiler::MetricDefinition& metric);
LineAxes accuracyAxes(const std::string& id);
LineSeries accuracySeries(const LiveSide& side, const std::string& metric, const QString& name,
                          const ChartColor& color);

// The metrics that are wanted, by title and id.
void addMetrics(QComboBox& box, bool (*wanted)(const profiler::MetricDefinition&));

}  // namespace hone::ui
