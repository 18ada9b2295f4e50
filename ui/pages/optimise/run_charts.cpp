// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/optimise/run_charts.h"

#include <algorithm>

#include "profiler/statistics/metrics.h"
#include "ui/charts/chart_card.h"
#include "ui/charts/line_chart.h"
#include "ui/charts/stacked_bars_chart.h"
#include "ui/models/metric_text.h"
#include "ui/models/run_samples.h"
#include "ui/pages/run_lines.h"

namespace hone::ui {

namespace {

constexpr int chartHeight = 150, gap = 12, leastChart = 250;

}  // namespace

RunCharts::RunCharts(Session& session, QWidget* parent)
    : QWidget(parent),
      session_(session),
      row_(new QBoxLayout(QBoxLayout::LeftToRight, this)),
      tokenTimes_(new LineChart(tr("Time per token along the generation"),
                                {tr("token"), tr("ms"), tr("ms"), true})),
      memory_(new StackedBarsChart(tr("Peak memory by class"), tr("bytes"), formatBytes)),
      memoryCard_(new ChartCard(memory_->accessibleName(), memory_)),
      timesCard_(new ChartCard(tokenTimes_->accessibleName(), tokenTimes_)) {
    tokenTimes_->setEmptyText(tr("Measure to see each token's time."));
    memory_->setEmptyText(tr("Open a model to see its memory predicted, and measure to see it."));
    row_->setContentsMargins(0, 0, 0, 0);
    row_->setSpacing(gap);
    for (ChartCard* card : {memoryCard_, timesCard_}) row_->addWidget(card, 1);
    for (Chart* chart : {static_cast<Chart*>(tokenTimes_), static_cast<Chart*>(memory_)})
        chart->setFixedHeight(chartHeight);
}

// Where both do not fit beside each other, one is below the other.
void RunCharts::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    const auto least = [](const QWidget* card) {
        return std::max(leastChart, card->minimumSizeHint().width());
    };
    const bool narrow = width() < least(memoryCard_) + gap + least(timesCard_);
    row_->setDirection(narrow ? QBoxLayout::TopToBottom : QBoxLayout::LeftToRight);
}

QSize RunCharts::minimumSizeHint() const {
    return {std::max(memoryCard_->minimumSizeHint().width(), timesCard_->minimumSizeHint().width()),
            row_->minimumSize().height()};
}

void RunCharts::showTimes(const Run& baseline, const Run& recipe) {
    std::vector<LineSeries> lines;
    const auto add = [&](const Run& run, const QString& name, ChartColor color) {
        if (!run) return;
        const TokenTimes times = tokenTimes(session_.store().samples(run->id));
        const auto mean =
            metricOf(*run, std::string(profiler::metric_for(profiler::Role::token_time).id));
        const QString label =
            mean ? QStringLiteral("%1 %2").arg(name, formatNumber(mean->value * 1e3)) : name;
        if (!times.empty()) lines.push_back(tokenTimeSeries(label, color, times));
    };
    add(baseline, tr("baseline"), ChartColor::baseline());
    add(recipe, tr("recipe"), ChartColor::candidate());
    tokenTimes_->setSeries(std::move(lines));
}

void RunCharts::show(const Run& baseline, const Run& recipe, const Prediction& predictedBaseline,
                     const Prediction& predictedRecipe) {
    QStringList bars;
    std::vector<std::map<std::string, std::int64_t>> memory;
    bool measured = false;
    const auto add = [&](const Run& run, const Prediction& predicted, const QString& name,
                         const QString& predictedName) {
        if (!run && !predicted) return;
        bars.append(run ? name : predictedName);
        memory.push_back(run ? run->memory : predicted->memory);
        measured = measured || run.has_value();
    };
    const bool both = !session_.recipe().steps.empty();
    // Where nothing is measured the title says what all of it is.
    const bool some = baseline || (both && recipe);
    add(baseline, predictedBaseline, tr("baseline"), tr("baseline"));
    if (both) add(recipe, predictedRecipe, tr("recipe"), some ? tr("predicted") : tr("recipe"));
    memoryCard_->setTitle(measured ? tr("Peak memory by class")
                                   : tr("Peak memory by class, predicted"));
    memory_->setData(bars, memoryParts(memory));
    showTimes(baseline, recipe);
}

}  // namespace hone::ui
