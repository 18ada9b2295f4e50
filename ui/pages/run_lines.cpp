// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/run_lines.h"

#include <QCoreApplication>

#include "ui/models/metric_text.h"

namespace hone::ui {

namespace {

QString tr(const char* text) {
    return QCoreApplication::translate("RunLines", text);
}

}  // namespace

LineSeries tokenTimeSeries(const QString& name, const ChartColor& color, const TokenTimes& times) {
    return {name, color, times.index, times.mean, times.low, times.high, {}, false, false};
}

LineAxes accuracyAxes(const std::string& metric) {
    if (metric == "kl_divergence") return {tr("window"), tr("nats"), tr("nats"), true};
    if (metric == "top1_agreement") return {tr("window"), tr("%"), tr("%"), false};
    return {tr("window"), tr("perplexity"), {}, false};
}

LineSeries accuracySeries(const LiveSide& side, const std::string& metric, const QString& name,
                          const ChartColor& color) {
    LiveSide::Line line = side.accuracyLine(metric);
    const double scale = metric == "top1_agreement" ? 100 : 1;
    for (auto* values : {&line.y, &line.low, &line.high})
        for (double& value : *values) value *= scale;
    return {name, color, line.x, line.y, line.low, line.high, {}, true, false};
}

}  // namespace hone::ui
