// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QStringList>
#include <QWidget>
#include <functional>

#include "profiler/statistics/metrics.h"
#include "ui/charts/chart_color.h"
#include "ui/models/live_run.h"

class QComboBox;

namespace hone::ui {

class LineChart;

// Speed, time per token, memory and accuracy of a measurement while it runs.
class LiveCharts : public QWidget {
    Q_OBJECT
public:
    explicit LiveCharts(QWidget* parent = nullptr);

    LiveRun& run() { return run_; }
    void clear();
    // What candidates are called, where there are several: by what was swept.
    void setNames(const QStringList& names) { names_ = names; }
    void showRun();  // after `run()` was changed

private:
    QWidget* addCard(const QString& title, LineChart* chart, QComboBox* choice);
    QComboBox* makeChoice(const QString& name, bool (*wanted)(const profiler::MetricDefinition&),
                          profiler::Role chosen);
    // Each side with its name and colour, the baseline first.
    void eachSide(
        const std::function<void(const LiveSide&, const QString&, ChartColor)>& show) const;
    void showSpeed();
    void showTokenTimes();
    void showMemory();
    void showAccuracy();

    LiveRun run_;
    QStringList names_;
    LineChart *speed_, *tokenTimes_, *memory_, *accuracy_;
    QComboBox *speedMetric_, *accuracyMetric_;
};

}  // namespace hone::ui
