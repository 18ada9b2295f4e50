// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <map>
#include <string>
#include <vector>

#include "profiler/store/store.h"
#include "ui/charts/chart_color.h"

class QComboBox;
class QWidget;

namespace hone::ui {

class Chart;
class LineChart;

// A run as the charts of Compare draw it.
struct DrawnRun {
    profiler::RunRecord run;
    ChartColor color;
};

// What a run's stored samples show beside its figures: each token's time along the generation, how
// those times are distributed, and how accuracy converged.
class SampleCharts : public QObject {
    Q_OBJECT
public:
    enum Kind { tokenTimes, distribution, accuracy, KindCount };

    explicit SampleCharts(profiler::Store& store, QObject* parent = nullptr);

    QWidget* page(Kind kind) const { return pages_[kind]; }
    Chart* chart(Kind kind) const;
    std::string metric(Kind kind) const;  // whose conditions decide what may be shown together
    void draw(Kind kind, const std::vector<DrawnRun>& runs);

signals:
    void choiceChanged();

private:
    QWidget* framed(LineChart* chart, QComboBox* choice);
    QComboBox* makeChoice(const QString& name);
    const std::vector<profiler::Sample>& samples(const profiler::RunRecord& run);
    void drawTokenTimes(const std::vector<DrawnRun>& runs);
    void drawDistribution(const std::vector<DrawnRun>& runs);
    void drawAccuracy(const std::vector<DrawnRun>& runs);

    profiler::Store& store_;
    std::map<std::int64_t, std::vector<profiler::Sample>>
        read_;  // of the runs drawn last that have ended
    LineChart* charts_[KindCount];
    QWidget* pages_[KindCount];
    QComboBox *shape_, *metric_;
};

}  // namespace hone::ui
