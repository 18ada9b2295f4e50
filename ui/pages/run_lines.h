// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/charts/line_chart.h"
#include "ui/models/live_run.h"
#include "ui/models/run_samples.h"

namespace hone::ui {

// Runs as lines, the same on every page.

// Time of each token with the least and the largest around it, in ms.
LineSeries tokenTimeSeries(const QString& name, const ChartColor& color, const TokenTimes& times);

// Perplexity, KL divergence or agreement as it converges, window by window, with its interval.
LineAxes accuracyAxes(const std::string& metric);
LineSeries accuracySeries(const LiveSide& side, const std::string& metric, const QString& name,
                          const ChartColor& color);

}  // namespace hone::ui
