// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/run_lines.h"

#include <QComboBox>
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

bool isOfWindows(const profiler::MetricDefinition& metric) {
    return metric.source == profiler::Source::windows;
}

void addMetrics(QComboBox& box, bool (*wanted)(const profiler::MetricDefinition&)) {
    for (const profiler::MetricDefinition& metric : profiler::metric_definitions())
        if (wanted(metric))
            box.addItem(metricTitle(std::string(metric.id)), QString::fromUtf8(metric.id.data()));
}

LineAxes accuracyAxes(const std::string& id) {
    const profiler::MetricDefinition& metric = *profiler::find_metric(id);
    const profiler::AxisScale scale = profiler::axis_scale(metric);
    const QString unit =
        QString::fromUtf8(scale.unit.data(), static_cast<qsizetype>(scale.unit.size()));
    const QString title =
        QString::fromStdString(profiler::metric_word(metricTitle(id).toStdString()));
    return {tr("window"), unit.isEmpty() ? title : unit, unit, metric.axis_from_zero};
}

LineSeries accuracySeries(const LiveSide& side, const std::string& metric, const QString& name,
                          const ChartColor& color) {
    LiveSide::Line line = side.accuracyLine(metric);
    const double scale = profiler::axis_scale(*profiler::find_metric(metric)).scale;
    for (auto* values : {&line.y, &line.low, &line.high})
        for (double& value : *values) value *= scale;
    return {name, color, line.x, line.y, line.low, line.high, {}, true, false};
}

}  // namespace hone::ui
