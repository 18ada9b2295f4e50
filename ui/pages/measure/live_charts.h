// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include "profiler/statistics/metrics.h"
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
    void showRun();  // after `run()` was changed

private:
    QWidget* addCard(const QString& title, LineChart* chart, QComboBox* choice);
    QComboBox* makeChoice(const QString& name, bool (*wanted)(const profiler::MetricDefinition&),
                          profiler::Role chosen);
    void showSpeed();
    void showTokenTimes();
    void showMemory();
    void showAccuracy();

    LiveRun run_;
    LineChart *speed_, *tokenTimes_, *memory_, *accuracy_;
    QComboBox *speedMetric_, *accuracyMetric_;
};

}  // namespace hone::ui
