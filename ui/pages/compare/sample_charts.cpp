// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/compare/sample_charts.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <algorithm>

#include "profiler/statistics/metrics.h"
#include "ui/models/metric_text.h"
#include "ui/models/run_identity.h"
#include "ui/models/run_samples.h"
#include "ui/pages/run_lines.h"

namespace hone::ui {

namespace {

using profiler::RunRecord;

enum Shape { cumulative, binned };

}  // namespace

SampleCharts::SampleCharts(profiler::Store& store, QObject* parent)
    : QObject(parent),
      store_(store),
      charts_{new LineChart(tr("Time per token along the generation"),
                            {tr("token"), tr("ms"), tr("ms"), true}),
              new LineChart(tr("Distribution of the time per token"),
                            {tr("ms"), tr("% of tokens"), tr("%"), true}),
              new LineChart(
                  tr("Accuracy as it converges"),
                  accuracyAxes(std::string(profiler::metric_for(profiler::Role::accuracy).id)))},
      shape_(makeChoice(tr("Distribution shown as"))),
      metric_(makeChoice(tr("Accuracy shown"))) {
    shape_->addItem(tr("Share of tokens within a time"), cumulative);
    shape_->addItem(tr("Share of tokens at each time"), binned);
    addMetrics(*metric_, isOfWindows);
    pages_[tokenTimes] = framed(charts_[tokenTimes], nullptr);
    pages_[distribution] = framed(charts_[distribution], shape_);
    pages_[accuracy] = framed(charts_[accuracy], metric_);
}

QComboBox* SampleCharts::makeChoice(const QString& name) {
    auto* box = new QComboBox;
    box->setAccessibleName(name);
    connect(box, &QComboBox::activated, this, &SampleCharts::choiceChanged);
    return box;
}

QWidget* SampleCharts::framed(LineChart* chart, QComboBox* choice) {
    auto* page = new QWidget;
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(0, 0, 0, 0);
    if (choice != nullptr) {
        auto* row = new QHBoxLayout;
        row->addWidget(choice);
        row->addStretch();
        column->addLayout(row);
    }
    column->addWidget(chart, 1);
    return page;
}

Chart* SampleCharts::chart(Kind kind) const {
    return charts_[kind];
}

std::string SampleCharts::metric(Kind kind) const {
    return kind == accuracy ? metric_->currentData().toString().toStdString()
                            : std::string(profiler::metric_for(profiler::Role::token_time).id);
}

void SampleCharts::draw(Kind kind, const std::vector<DrawnRun>& runs) {
    std::erase_if(read_, [&runs](const auto& entry) {
        return std::none_of(runs.begin(), runs.end(),
                            [&](const DrawnRun& d) { return d.run.id == entry.first; });
    });
    if (kind == tokenTimes) drawTokenTimes(runs);
    if (kind == distribution) drawDistribution(runs);
    if (kind == accuracy) drawAccuracy(runs);
}

const std::vector<profiler::Sample>& SampleCharts::samples(const RunRecord& run) {
    std::vector<profiler::Sample>& kept = read_[run.id];
    if (!kept.empty() && run.status != "running") return kept;
    try {
        kept = store_.samples(run.id);
    } catch (const profiler::StoreError&) {
        kept.clear();  // the comparison beside these charts reports the store
    }
    return kept;
}

void SampleCharts::drawTokenTimes(const std::vector<DrawnRun>& runs) {
    std::vector<LineSeries> lines;
    for (const auto& [run, color] : runs)
        if (const TokenTimes times = ui::tokenTimes(samples(run)); !times.empty())
            lines.push_back(tokenTimeSeries(runName(run), color, times));
    charts_[tokenTimes]->setSeries(std::move(lines));
}

void SampleCharts::drawDistribution(const std::vector<DrawnRun>& runs) {
    std::vector<std::vector<double>> times;
    times.reserve(runs.size());
    for (const DrawnRun& drawn : runs) times.push_back(tokenIntervals(samples(drawn.run)));
    const bool whole = shape_->currentData().toInt() == cumulative;
    const Distribution found = whole ? cumulativeShares(times) : binnedShares(times);
    std::vector<LineSeries> lines;
    for (std::size_t i = 0; i < runs.size(); ++i) {
        if (times[i].empty()) continue;
        // The middle of the times, so that the figure is there without hovering.
        const QString name =
            tr("%1: median %2 ms").arg(runName(runs[i].run), formatNumber(median(times[i])));
        lines.push_back({name, runs[i].color, found.x, found.shares[i], {}, {}, {}, false, false});
    }
    charts_[distribution]->setSeries(std::move(lines));
}

void SampleCharts::drawAccuracy(const std::vector<DrawnRun>& runs) {
    const std::string id = metric(accuracy);
    std::vector<LineSeries> lines;
    for (const auto& [run, color] : runs) {
        const LiveSide side =
            replay(samples(run), run.what.side == "baseline" ? Side::baseline : Side::candidate);
        LineSeries line = accuracySeries(side, id, runName(run), color);
        if (!line.y.empty()) lines.push_back(std::move(line));
    }
    charts_[accuracy]->setAxes(accuracyAxes(id));
    charts_[accuracy]->setSeries(std::move(lines));
}

}  // namespace hone::ui
