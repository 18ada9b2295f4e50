// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/compare/charts_card.h"

#include <QAbstractItemView>
#include <QComboBox>
#include <QSignalBlocker>
#include <QToolButton>
#include <algorithm>

#include "profiler/report/comparability.h"
#include "profiler/report/shown_interval.h"
#include "profiler/statistics/metrics.h"
#include "ui/charts/chart_card.h"
#include "ui/charts/interval_bars_chart.h"
#include "ui/charts/scatter_chart.h"
#include "ui/models/metric_text.h"
#include "ui/models/runs_model.h"
#include "ui/theme/plain_text.h"
#include "ui/widgets/elided_label.h"

namespace hone::ui {

namespace {

using profiler::RunRecord;

constexpr int chartHeight = 190;
constexpr int shownCharacters = 8;  // of the name of a series, at least
constexpr int widestChoice = 220;

// A model against itself differs in nothing, whether or not that was measured.
std::optional<profiler::MetricValue> valueOf(const RunRecord& run, const std::string& metric) {
    if (const auto value = metricOf(run, metric)) return value;
    const bool plain = run.what.recipe.empty() && run.status == "done";
    const profiler::MetricDefinition& definition = *profiler::find_metric(metric);
    if (!plain || !definition.of_itself) return std::nullopt;
    const double value = *definition.of_itself;
    return profiler::MetricValue{value, value, value, 1, std::string(definition.unit)};
}

// A metric as an axis: its title with unit, which way is better, and figures scaled to the unit.
struct AxisOf {
    explicit AxisOf(const std::string& id) : metric(profiler::find_metric(id)) {
        const profiler::AxisScale drawn = profiler::axis_scale(*metric);
        scale = drawn.scale;
        unit = QString::fromUtf8(drawn.unit.data(), static_cast<qsizetype>(drawn.unit.size()));
        title = (metricTitle(id) + QLatin1Char(' ') + unit).trimmed();
    }
    ScatterAxis axis() const {
        return {title, metric->direction == profiler::Direction::higher_is_better,
                [u = unit](double value) { return formatNumber(value, u); }};
    }
    // A chart draws no interval that says nothing: its axis would show nothing else.
    ScatterValue value(const profiler::MetricValue& v) const {
        const profiler::ShownInterval interval = profiler::shown_interval(v);
        return {v.value * scale, interval.low * scale, interval.high * scale};
    }

    const profiler::MetricDefinition* metric;
    double scale = 1;
    QString unit, title;
};

}  // namespace

ComparisonChartsCard::ComparisonChartsCard(profiler::Store& store, QWidget* parent)
    : Card({}, parent),
      store_(store),
      tabs_(new QTabBar),
      pages_(new QStackedWidget),
      scatter_(new ScatterChart(tr("Accuracy against speed"))),
      bars_(new IntervalBarsChart(tr("Runs by one metric"))),
      samples_(new SampleCharts(store, this)),
      leftOutLabel_(new ElidedLabel({}, TextStyle::caption, Tone::warning)) {
    tabs_->addTab(tr("Scatter"));
    tabs_->addTab(tr("Bars"));
    tabs_->addTab(tr("Per token"));
    tabs_->addTab(tr("Distribution"));
    tabs_->addTab(tr("Accuracy"));
    tabs_->setAccessibleName(tr("What the chart shows"));
    tabs_->setDrawBase(false);
    tabs_->setExpanding(false);
    pages_->addWidget(makeScatter());
    pages_->addWidget(makeBars());
    std::vector<Chart*> charts{scatter_, bars_};
    for (int kind = 0; kind < SampleCharts::KindCount; ++kind) {
        pages_->addWidget(samples_->page(static_cast<SampleCharts::Kind>(kind)));
        charts.push_back(samples_->chart(static_cast<SampleCharts::Kind>(kind)));
    }
    for (Chart* chart : charts) {
        chart->setMinimumHeight(chartHeight);
        chart->setEmptyText(tr("Choose a baseline and tick runs to see them here."));
    }
    connect(scatter_, &ScatterChart::pointClicked, this, &ComparisonChartsCard::runClicked);
    connect(scatter_, &ScatterChart::pointDoubleClicked, this,
            &ComparisonChartsCard::runDoubleClicked);
    connect(samples_, &SampleCharts::choiceChanged, this, &ComparisonChartsCard::draw);
    auto* head = new QHBoxLayout;
    head->addWidget(tabs_);
    head->addStretch();
    body()->setContentsMargins(spacing::group - 1, 6, spacing::group - 1, 12);
    body()->addLayout(head);
    body()->addWidget(pages_, 1);
    leftOutLabel_->hide();
    body()->addWidget(leftOutLabel_);
    head->addWidget(chartMenuButton(tr("Data of the chart"), [this] { return current(); }));
    connect(tabs_, &QTabBar::currentChanged, this, [this](int tab) {
        pages_->setCurrentIndex(tab);
        draw();
    });
}

QComboBox* ComparisonChartsCard::makeChoice(const QString& name, profiler::Role chosen) {
    auto* box = new QComboBox;
    box->setAccessibleName(name);
    for (const auto& metric : profiler::metric_definitions())
        box->addItem(metricTitle(std::string(metric.id)), QString::fromUtf8(metric.id.data()));
    box->setCurrentIndex(box->findData(QString::fromUtf8(profiler::metric_for(chosen).id.data())));
    connect(box, &QComboBox::currentIndexChanged, this, &ComparisonChartsCard::draw);
    return box;
}

// Hidden while there is no series to choose.
QComboBox* ComparisonChartsCard::makeSeriesChoice() {
    which_ = new QComboBox;
    which_->setAccessibleName(tr("Runs that are shown"));
    which_->view()->setAccessibleName(which_->accessibleName());
    which_->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    which_->setMinimumContentsLength(shownCharacters);
    which_->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    which_->setMaximumWidth(widestChoice);
    which_->hide();
    connect(which_, &QComboBox::currentIndexChanged, this, &ComparisonChartsCard::draw);
    return which_;
}

QWidget* ComparisonChartsCard::makeScatter() {
    auto* page = new QWidget;
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(0, 0, 0, 0);
    y_ = makeChoice(tr("Metric upwards"), profiler::Role::divergence);
    x_ = makeChoice(tr("Metric to the right"), profiler::Role::speed);
    auto* row = new QHBoxLayout;
    row->setSpacing(spacing::inside);
    row->addWidget(y_);
    row->addWidget(new TextLabel(tr("against"), TextStyle::body, Tone::muted));
    row->addWidget(x_);
    row->addStretch();
    row->addWidget(makeSeriesChoice());
    column->addLayout(row);
    column->addWidget(scatter_, 1);
    return page;
}

QWidget* ComparisonChartsCard::makeBars() {
    auto* page = new QWidget;
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(0, 0, 0, 0);
    metric_ = makeChoice(tr("Metric of the bars"), profiler::Role::speed);
    auto* row = new QHBoxLayout;
    row->addWidget(metric_);
    row->addStretch();
    column->addLayout(row);
    column->addWidget(bars_, 1);
    return page;
}

Chart* ComparisonChartsCard::current() const {
    if (tabs_->currentIndex() == 0) return scatter_;
    if (tabs_->currentIndex() == 1) return bars_;
    return samples_->chart(static_cast<SampleCharts::Kind>(tabs_->currentIndex() - 2));
}

void ComparisonChartsCard::setRuns(const RunRecord* baseline, std::vector<RunRecord> ticked,
                                   std::vector<RunRecord> others) {
    baseline_ = baseline == nullptr ? std::nullopt : std::optional(*baseline);
    ticked_ = std::move(ticked);
    others_ = std::move(others);
    followSeries();
    draw();
}

// What was chosen stays, until a baseline of another series is pinned.
void ComparisonChartsCard::followSeries() {
    std::vector<RunRecord> all = ticked_;
    if (baseline_) all.push_back(*baseline_);
    all.insert(all.end(), others_.begin(), others_.end());
    series_ = storedSeries(all);
    const QSignalBlocker blocker(which_);
    const qlonglong chosen = which_->currentData().toLongLong();
    which_->clear();
    which_->addItem(tr("All runs"), 0LL);
    for (const StoredSeries& series : series_)
        which_->addItem(series.title, static_cast<qlonglong>(series.id));
    const std::int64_t pinned =
        baseline_ && baseline_->what.series ? baseline_->what.series->id : 0;
    const qlonglong wanted = pinned != followed_ ? static_cast<qlonglong>(pinned) : chosen;
    followed_ = pinned;
    which_->setCurrentIndex(std::max(0, which_->findData(wanted)));
    which_->setVisible(!series_.empty());
}

const StoredSeries* ComparisonChartsCard::chosenSeries() const {
    const qlonglong id = which_->currentData().toLongLong();
    const auto found = std::find_if(series_.begin(), series_.end(),
                                    [id](const StoredSeries& each) { return each.id == id; });
    return found == series_.end() ? nullptr : &*found;
}

// The first is "the candidate"; further ones take the series' colours in order.
ChartColor ComparisonChartsCard::colorOf(std::size_t ticked) const {
    return ticked == 0 ? ChartColor::candidate()
                       : ChartColor::further(static_cast<int>(ticked) - 1);
}

void ComparisonChartsCard::draw() {
    leftOut_.clear();
    if (tabs_->currentIndex() == 0) drawScatter();
    if (tabs_->currentIndex() == 1) drawBars();
    if (tabs_->currentIndex() >= 2) {
        const auto kind = static_cast<SampleCharts::Kind>(tabs_->currentIndex() - 2);
        samples_->draw(kind, drawn(samples_->metric(kind)));
    }
    showLeftOut();
}

bool ComparisonChartsCard::leftOut(const RunRecord& run, const std::string& metric) {
    const std::string reason =
        baseline_ ? profiler::conditions_refusal(*profiler::find_metric(metric), *baseline_, run)
                  : std::string();
    if (reason.empty()) return false;
    const QString line =
        tr("Run %1 is left out: %2").arg(QString::number(run.id), plainLine(reason));
    if (!leftOut_.contains(line)) leftOut_.append(line);
    return true;
}

std::vector<DrawnRun> ComparisonChartsCard::drawn(const std::string& metric) {
    std::vector<DrawnRun> runs;
    if (baseline_) runs.push_back({*baseline_, ChartColor::baseline()});
    for (std::size_t i = 0; i < ticked_.size(); ++i)
        if (!leftOut(ticked_[i], metric)) runs.push_back({ticked_[i], colorOf(i)});
    return runs;
}

void ComparisonChartsCard::showLeftOut() {
    leftOutLabel_->setText(leftOut_.join(QStringLiteral(" · ")));
    leftOutLabel_->setToolTip(plainTip(leftOut_.join(QLatin1Char('\n'))));
    leftOutLabel_->setVisible(!leftOut_.isEmpty());
}

// Its runs alone, named by what was swept. Ticked ones have their colour.
void ComparisonChartsCard::drawSeries(const StoredSeries& series) {
    const std::string xId = x_->currentData().toString().toStdString(),
                      yId = y_->currentData().toString().toStdString();
    const AxisOf x(xId), y(yId);
    std::vector<ScatterPoint> points;
    for (const RunRecord& run : series.runs) {
        const auto a = valueOf(run, xId), b = valueOf(run, yId);
        if (!a || !b || run.status != "done") continue;
        const auto ticked =
            std::find_if(ticked_.begin(), ticked_.end(),
                         [&run](const RunRecord& each) { return each.id == run.id; });
        const ChartColor color = run.what.side == "baseline" ? ChartColor::baseline()
                                 : ticked == ticked_.end()
                                     ? ChartColor::muted()
                                     : colorOf(static_cast<std::size_t>(ticked - ticked_.begin()));
        points.push_back({QStringLiteral("%1 %2").arg(QString::number(run.id), nameInSeries(run)),
                          x.value(*a), y.value(*b), color, run.what.side == "baseline", run.id});
    }
    scatter_->setEmptyText(tr("No run of this series has both figures."));
    scatter_->setAxes(x.axis(), y.axis());
    scatter_->setPoints(std::move(points));
}

void ComparisonChartsCard::drawScatter() {
    if (const StoredSeries* series = chosenSeries()) return drawSeries(*series);
    scatter_->setEmptyText(tr("Runs that have both figures appear here."));
    const std::string xId = x_->currentData().toString().toStdString(),
                      yId = y_->currentData().toString().toStdString();
    const AxisOf x(xId), y(yId);
    std::vector<ScatterPoint> points;
    const auto add = [&](const RunRecord& run, ChartColor color, bool reference = false) {
        const auto a = valueOf(run, xId), b = valueOf(run, yId);
        if (a && b && run.status == "done")
            points.push_back({runName(run), x.value(*a), y.value(*b), color, reference, run.id});
    };
    if (baseline_) add(*baseline_, ChartColor::baseline(), true);
    for (std::size_t i = 0; i < ticked_.size(); ++i)
        if (!leftOut(ticked_[i], xId) && !leftOut(ticked_[i], yId)) add(ticked_[i], colorOf(i));
    // Grey runs are there for orientation: those of another model or that cannot be compared are
    // not worth a word.
    const auto comparable = [&](const RunRecord& run, const std::string& id) {
        return profiler::conditions_refusal(*profiler::find_metric(id), *baseline_, run).empty();
    };
    for (const RunRecord& run : others_) {
        const bool again =
            baseline_ && run.what.recipe == baseline_->what.recipe;  // the pinned one once more
        if (!baseline_ || (!again && run.what.model_hash == baseline_->what.model_hash &&
                           comparable(run, xId) && comparable(run, yId)))
            add(run, ChartColor::muted());
    }
    scatter_->setAxes(x.axis(), y.axis());
    scatter_->setPoints(std::move(points));
}

void ComparisonChartsCard::drawBars() {
    const std::string id = metric_->currentData().toString().toStdString();
    const AxisOf axis(id);
    std::vector<IntervalBar> bars;
    const auto add = [&](const RunRecord& run, ChartColor color) {
        const auto value = valueOf(run, id);
        if (!value) return;
        const ScatterValue v = axis.value(*value);
        bars.push_back({runName(run), v.value, v.low, v.high, color});
    };
    for (const auto& [run, color] : drawn(id)) add(run, color);
    bars_->setData(axis.title, axis.axis().format, std::move(bars));
}

}  // namespace hone::ui
