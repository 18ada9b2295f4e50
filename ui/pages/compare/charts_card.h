// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QStackedWidget>
#include <QTabBar>
#include <optional>
#include <vector>

#include "profiler/statistics/metrics.h"
#include "profiler/store/store.h"
#include "ui/models/series.h"
#include "ui/pages/compare/sample_charts.h"
#include "ui/widgets/card.h"

class QComboBox;

namespace hone::ui {

class Chart;
class ElidedLabel;
class IntervalBarsChart;
class ScatterChart;

// The pinned and ticked runs drawn: any metric against any, or a series with its front; bars with
// intervals, and what their samples show. A run that cannot be compared with the pinned one is not
// drawn beside it: the foot says which and why.
class ComparisonChartsCard : public Card {
    Q_OBJECT
public:
    explicit ComparisonChartsCard(profiler::Store& store, QWidget* parent = nullptr);

    // `others` are the runs of the table that are not ticked: the scatter shows them in grey where
    // they can be compared.
    void setRuns(const profiler::RunRecord* baseline, std::vector<profiler::RunRecord> ticked,
                 std::vector<profiler::RunRecord> others);

signals:
    void runClicked(qint64 run);
    void runDoubleClicked(qint64 run);

private:
    QComboBox* makeSeriesChoice();
    QComboBox* makeChoice(const QString& name, profiler::Role chosen);
    QWidget* makeScatter();
    QWidget* makeBars();
    void draw();
    void drawScatter();
    void drawSeries(const StoredSeries& series);
    void followSeries();
    const StoredSeries* chosenSeries() const;  // null: all runs are shown
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
    QComboBox *x_ = nullptr, *y_ = nullptr, *metric_ = nullptr, *which_ = nullptr;
    std::vector<StoredSeries> series_;
    std::int64_t followed_ =
        0;  // the pinned baseline's series: it is shown as soon as it is pinned
    std::optional<profiler::RunRecord> baseline_;
    std::vector<profiler::RunRecord> ticked_, others_;
};

}  // namespace hone::ui
