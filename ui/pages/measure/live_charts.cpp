// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/measure/live_charts.h"

#include <QComboBox>
#include <QGridLayout>
#include <algorithm>

#include "ui/charts/chart_card.h"
#include "ui/charts/line_chart.h"
#include "ui/charts/stacked_bars_chart.h"
#include "ui/models/metric_text.h"
#include "ui/models/run_samples.h"
#include "ui/pages/run_lines.h"

namespace hone::ui {

namespace {

constexpr int chartHeight = 170;
constexpr double megabyte = 1e6;

// What the chart's axis can show together.
bool isRate(const profiler::MetricDefinition& metric) {
    return metric.unit == "tok/s";
}

TokenTimes timesOf(const LiveSide& side) {
    std::vector<std::vector<std::vector<double>>> repetitions;
    for (const LiveSample& sample : side.samples)
        if (!sample.warmup) repetitions.push_back(sample.token_times);
    // Before the first timed repetition the warm-up shows that something happens.
    if (repetitions.empty() && !side.samples.empty())
        repetitions.push_back(side.samples.back().token_times);
    return tokenTimes(repetitions);
}

}  // namespace

LiveCharts::LiveCharts(QWidget* parent)
    : QWidget(parent),
      speed_(new LineChart(tr("Speed by repetition"),
                           {tr("repetition (grey: warm-up)"), tr("tok/s"), tr("tok/s"), true})),
      tokenTimes_(new LineChart(tr("Time per token along the generation"),
                                {tr("token"), tr("ms"), tr("ms"), true})),
      memory_(new LineChart(tr("Memory by class"), {tr("step"), tr("MB"), tr("MB"), true})),
      accuracy_(new LineChart(
          tr("Accuracy as it converges"),
          accuracyAxes(std::string(profiler::metric_for(profiler::Role::accuracy).id)))),
      speedMetric_(makeChoice(tr("Speed shown"), isRate, profiler::Role::speed)),
      accuracyMetric_(makeChoice(tr("Accuracy shown"), isOfWindows, profiler::Role::accuracy)) {
    speed_->setEmptyText(
        tr("Each repetition of a measurement appears here, with the interval of its mean."));
    tokenTimes_->setEmptyText(tr("The time of each generated token appears here."));
    memory_->setEmptyText(tr("What holds the memory appears here, step by step."));
    accuracy_->setEmptyText(
        tr("Perplexity, KL divergence and agreement appear here, window by window."));
    auto* grid = new QGridLayout(this);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setSpacing(12);
    grid->addWidget(addCard(tr("Speed by repetition"), speed_, speedMetric_), 0, 0);
    grid->addWidget(addCard(tr("Time per token along the generation"), tokenTimes_, nullptr), 0, 1);
    grid->addWidget(addCard(tr("Memory by class"), memory_, nullptr), 1, 0);
    grid->addWidget(addCard(tr("Accuracy as it converges"), accuracy_, accuracyMetric_), 1, 1);
    for (int i = 0; i < 2; ++i) {
        grid->setColumnStretch(i, 1);
        grid->setRowStretch(i, 1);
    }
    connect(speedMetric_, &QComboBox::currentIndexChanged, this, &LiveCharts::showSpeed);
    connect(accuracyMetric_, &QComboBox::currentIndexChanged, this, &LiveCharts::showAccuracy);
}

QWidget* LiveCharts::addCard(const QString& title, LineChart* chart, QComboBox* choice) {
    chart->setMinimumHeight(chartHeight);
    auto* card = new ChartCard(title, chart);
    if (choice != nullptr) card->addHeaderWidget(choice);
    return card;
}

QComboBox* LiveCharts::makeChoice(const QString& name,
                                  bool (*wanted)(const profiler::MetricDefinition&),
                                  profiler::Role chosen) {
    auto* box = new QComboBox;
    box->setAccessibleName(name);
    addMetrics(*box, wanted);
    box->setCurrentIndex(box->findData(QString::fromUtf8(profiler::metric_for(chosen).id.data())));
    return box;
}

void LiveCharts::clear() {
    run_ = {};
    names_.clear();
    showRun();
}

void LiveCharts::showRun() {
    showSpeed();
    showTokenTimes();
    showMemory();
    showAccuracy();
}

void LiveCharts::eachSide(
    const std::function<void(const LiveSide&, const QString&, ChartColor)>& show) const {
    show(run_.baseline, tr("baseline"), ChartColor::baseline());
    for (std::size_t i = 0; i < run_.candidates.size(); ++i) {
        const int number = static_cast<int>(i);
        show(run_.candidates[i], number < names_.size() ? names_[number] : tr("recipe"),
             i == 0 ? ChartColor::candidate() : ChartColor::further(number - 1));
    }
}

void LiveCharts::showSpeed() {
    const std::string metric = speedMetric_->currentData().toString().toStdString();
    std::vector<LineSeries> lines;
    eachSide([&](const LiveSide& side, const QString& name, ChartColor color) {
        const LiveSide::Line line = side.line(metric);
        if (!line.y.empty())
            lines.push_back(
                {name, color, line.x, line.y, line.low, line.high, line.warmup, true, false});
    });
    speed_->setSeries(std::move(lines));
}

void LiveCharts::showTokenTimes() {
    std::vector<LineSeries> lines;
    eachSide([&](const LiveSide& side, const QString& name, ChartColor color) {
        const TokenTimes times = timesOf(side);
        if (!times.empty()) lines.push_back(tokenTimeSeries(name, color, times));
    });
    tokenTimes_->setSeries(std::move(lines));
}

// Areas of the recipe's classes, stacked; the baseline's sum is a line above or below them.
void LiveCharts::showMemory() {
    const LiveSide& side = run_.latest();
    std::vector<std::map<std::string, std::int64_t>> steps;
    for (const LiveSample& sample : side.samples) steps.push_back(sample.memory);
    std::vector<LineSeries> areas;
    std::vector<double> top(steps.size(), 0), x;
    for (std::size_t i = 0; i < steps.size(); ++i) x.push_back(static_cast<double>(i + 1));
    for (const StackedPart& part : memoryParts(steps)) {
        LineSeries area{part.title, part.color, x, {}, top, {}, {}, false, true};
        for (std::size_t i = 0; i < steps.size(); ++i) top[i] += part.values[i] / megabyte;
        area.y = area.high = top;
        areas.push_back(std::move(area));
    }
    if (&side != &run_.baseline && !run_.baseline.samples.empty()) {
        LineSeries other{
            tr("baseline, all"), ChartColor::baseline(), {}, {}, {}, {}, {}, false, false};
        for (const LiveSample& sample : run_.baseline.samples) {
            const auto peak = sample.memory.find("peak_resident");
            if (peak == sample.memory.end()) continue;
            other.x.push_back(static_cast<double>(other.x.size() + 1));
            other.y.push_back(static_cast<double>(peak->second) / megabyte);
        }
        if (!other.y.empty()) areas.push_back(std::move(other));
    }
    memory_->setSeries(std::move(areas));
}

void LiveCharts::showAccuracy() {
    const std::string metric = accuracyMetric_->currentData().toString().toStdString();
    accuracy_->setAxes(accuracyAxes(metric));
    std::vector<LineSeries> lines;
    eachSide([&](const LiveSide& side, const QString& name, ChartColor color) {
        LineSeries line = accuracySeries(side, metric, name, color);
        if (!line.y.empty()) lines.push_back(std::move(line));
    });
    accuracy_->setSeries(std::move(lines));
}

}  // namespace hone::ui
