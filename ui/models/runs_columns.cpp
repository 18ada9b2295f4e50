// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/runs_columns.h"

#include <QCoreApplication>

#include "ui/models/metric_text.h"
#include "ui/models/runs_model.h"

namespace hone::ui {

namespace {

// Before and after the columns of metrics, in the order of RunsModel::Column.
constexpr PlainColumn before[RunsModel::FirstMetric] = {
    {"base", QT_TRANSLATE_NOOP("RunsModel", "Base"), true},
    {"run", QT_TRANSLATE_NOOP("RunsModel", "Run"), true},
    {"recipe", QT_TRANSLATE_NOOP("RunsModel", "Recipe"), true},
    {"model", QT_TRANSLATE_NOOP("RunsModel", "Model"), false},
    {"type", QT_TRANSLATE_NOOP("RunsModel", "Type"), false}};
constexpr PlainColumn after[RunsModel::ColumnCount - RunsModel::Threads] = {
    {"threads", QT_TRANSLATE_NOOP("RunsModel", "Threads"), false},
    {"machine", QT_TRANSLATE_NOOP("RunsModel", "Machine"), false},
    {"commit", QT_TRANSLATE_NOOP("RunsModel", "Commit"), false},
    {"when", QT_TRANSLATE_NOOP("RunsModel", "When"), true},
    {"status", QT_TRANSLATE_NOOP("RunsModel", "Status"), true},
    {"star", QT_TRANSLATE_NOOP("RunsModel", "★"), true},
    {"tags", QT_TRANSLATE_NOOP("RunsModel", "Tags"), false},
    {"note", QT_TRANSLATE_NOOP("RunsModel", "Note"), false}};

}  // namespace

const profiler::MetricDefinition* metricOfColumn(int column) {
    int at = RunsModel::FirstMetric;
    for (const profiler::MetricDefinition& metric : profiler::metric_definitions())
        if (!metric.column.empty() && at++ == column) return &metric;
    return nullptr;
}

const PlainColumn& plainColumn(int column) {
    return column < RunsModel::FirstMetric ? before[column] : after[column - RunsModel::Threads];
}

bool isFigure(int column) {
    return metricOfColumn(column) != nullptr || column == RunsModel::Type ||
           column == RunsModel::Threads;
}

QString columnTitle(int column) {
    const auto* metric = metricOfColumn(column);
    if (metric == nullptr) return RunsModel::tr(plainColumn(column).title);
    const std::string id(metric->id);
    const QString title =
        metric->column_title.empty()
            ? metricTitle(id)
            : QCoreApplication::translate("Metric", std::string(metric->column_title).c_str());
    return (title + QLatin1Char(' ') + metricUnit(id)).trimmed();
}

}  // namespace hone::ui
