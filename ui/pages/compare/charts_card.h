// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QStackedWidget>
#include <QTabBar>
#include <optional>
#include <vector>

#include "profiler/statistics/metrics.h"
#include "profiler/store/store.h"
#include "ui/pages/compare/sample_charts.h"
#include "ui/widgets/card.h"

class QComboBox;

namespace hone::ui {

class Chart;
class ElidedLabel;
class IntervalBarsChart;
class ScatterChart;

// The pinned and ticked runs drawn: any metric against any, bars with intervals, and what their samples show. A run that cannot be
// compared with the pinned one is not drawn beside it: the foot says which and why.
class ComparisonChartsCard : public Card {
    Q_OBJECT
public:
    explicit ComparisonChartsCard(profiler::Store& store, QWidget* parent = nullptr);

    // `others` are the runs of the table that are not ticked: the scatter shows them in grey where they can be compared.
    void setRuns(const profiler::RunRecord* baseline, std::vector<profiler::RunRecord> ticked,
                 std::vector<profiler::RunRecord> others);

private:
    QComboBox* makeChoice(const QString& name, profiler::Role chosen);
    QWidget* makeScatter();
    QWidget* makeBars();
    void draw();
    void drawScatter();
    void drawBars();
    // The pinned and the ticked runs whose figures of `metric` may be shown together.
    std::vector<DrawnRun> drawn(const std::string& metric);
    bool leftOut(const profiler::RunRecord& run, const std::string& metric);
    void showLeftOut();
    ChartColor colorOf(std::size_t ticked) const;
    Chart* current() const;
    profiler::Store& store_;
    QTabBar* tabs_;
    QStackedWidget* pages_;
    ScatterChart* scatter_;
    IntervalBarsChart* bars_;
    SampleCharts* samples_;
    ElidedLabel* leftOutLabel_;
    QStringList leftOut_;
    QComboBox *x_ = nullptr, *y_ = nullptr, *metric_ = nullptr;
    std::optional<profiler::RunRecord> baseline_;
    std::vector<profiler::RunRecord> ticked_, others_;
};

}  // namespace hone::ui
