// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QStackedWidget>
#include <QTabBar>
#include <optional>
#include <vector>

#include "profiler/store/store.h"
#include "ui/charts/chart_color.h"
#include "ui/widgets/card.h"

class QComboBox;

namespace hone::ui {

class Chart;
class IntervalBarsChart;
class LineChart;
class ScatterChart;

// The pinned and ticked runs drawn: any metric against any, bars with intervals, or time per token.
class ComparisonChartsCard : public Card {
    Q_OBJECT
public:
    explicit ComparisonChartsCard(profiler::Store& store, QWidget* parent = nullptr);

    // `others` are the runs of the table that are not ticked: the scatter shows them in grey where they can be compared.
    void setRuns(const profiler::RunRecord* baseline, std::vector<profiler::RunRecord> ticked,
                 std::vector<profiler::RunRecord> others);

private:
    QComboBox* makeChoice(const QString& name, const std::string& chosen);
    QWidget* makeScatter();
    QWidget* makeBars();
    void draw();
    void drawScatter();
    void drawBars();
    void drawTokenTimes();
    ChartColor colorOf(std::size_t ticked) const;
    Chart* current() const;
    profiler::Store& store_;
    QTabBar* tabs_;
    QStackedWidget* pages_;
    ScatterChart* scatter_;
    IntervalBarsChart* bars_;
    LineChart* tokenTimes_;
    QComboBox *x_ = nullptr, *y_ = nullptr, *metric_ = nullptr;
    std::optional<profiler::RunRecord> baseline_;
    std::vector<profiler::RunRecord> ticked_, others_;
};

}  // namespace hone::ui
