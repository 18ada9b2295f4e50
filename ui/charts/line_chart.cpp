// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/line_chart.h"

#include <qcustomplot.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "ui/charts/axis_style.h"
#include "ui/charts/legend.h"
#include "ui/theme/theme.h"

namespace hone::ui {

namespace {

constexpr std::size_t mostDirectLabels = 4;
constexpr int legendGap = 4;
constexpr double mostOfWidth = 0.34;  // that names at the lines' ends may take from the plot

QVector<double> toVector(const std::vector<double>& values) {
    return QVector<double>(values.begin(), values.end());
}

// A series runs from left to right, and may have ten thousand points.
std::vector<double>::const_iterator placeOf(const LineSeries& series, double x) {
    const auto it = std::lower_bound(series.x.begin(), series.x.end(), x);
    return it != series.x.end() && *it == x ? it : series.x.end();
}

bool isFaded(const LineSeries& series, std::size_t index) {
    return index < series.faded.size() && series.faded[index];
}

}  // namespace

LineChart::LineChart(const QString& name, LineAxes axes, QWidget* parent)
    : Chart(name, parent), axes_(std::move(axes)) {}

void LineChart::setSeries(std::vector<LineSeries> series) {
    series_ = std::move(series);
    refresh();
}

void LineChart::setAxes(LineAxes axes) {
    axes_ = std::move(axes);
    refresh();
}

bool LineChart::isEmpty() const {
    return std::all_of(series_.begin(), series_.end(),
                       [](const LineSeries& s) { return s.y.empty(); });
}

void LineChart::drawBand(const LineSeries& series) {
    if (series.low.size() != series.y.size() || series.high.size() != series.y.size()) return;
    QColor fill = series.color.resolve();
    if (!series.filled) fill.setAlphaF(0.16F);
    QCPGraph* lower = plot().addGraph();
    lower->setPen(Qt::NoPen);
    lower->setData(toVector(series.x), toVector(series.low), true);
    QCPGraph* upper = plot().addGraph();
    upper->setPen(series.filled ? QPen(Theme::instance().palette().surface, 1) : QPen(Qt::NoPen));
    upper->setData(toVector(series.x), toVector(series.high), true);
    upper->setBrush(fill);
    upper->setChannelFillGraph(lower);
}

void LineChart::drawLine(const LineSeries& series) {
    QCPGraph* line = plot().addGraph();
    line->setName(series.name);
    line->setPen(QPen(series.color.resolve(), 2));
    line->setAdaptiveSampling(true);
    std::vector<double> x, y;
    for (std::size_t i = 0; i < series.y.size(); ++i) {
        if (isFaded(series, i)) continue;
        x.push_back(series.x[i]);
        y.push_back(series.y[i]);
    }
    line->setData(toVector(x), toVector(y), true);
}

void LineChart::drawMarkers(const LineSeries& series) {
    const Palette& palette = Theme::instance().palette();
    for (const bool faded : {false, true}) {
        QCPGraph* dots = plot().addGraph();
        const QColor color = faded ? palette.strongBorder : series.color.resolve();
        dots->setLineStyle(QCPGraph::lsNone);
        dots->setScatterStyle(QCPScatterStyle(QCPScatterStyle::ssCircle, QPen(color, 1.5),
                                              QBrush(faded ? palette.surface : color), 6));
        for (std::size_t i = 0; i < series.y.size(); ++i)
            if (isFaded(series, i) == faded) dots->addData(series.x[i], series.y[i]);
    }
}

bool LineChart::labelledAtEnds() const {
    return labels_.size() <= mostDirectLabels &&
           endLabelWidth(labels_) <= mostOfWidth * plot().width();
}

void LineChart::reserveMargins() {
    plot().axisRect()->setAutoMargins(QCP::msLeft | QCP::msBottom);
    const bool direct = labelledAtEnds();
    const int right = direct ? std::max(12, endLabelWidth(labels_)) : 12;
    plot().axisRect()->setMargins(QMargins(0, captionHeight, right, 0));
    Legend legend;
    if (!direct) {
        std::vector<LegendEntry> entries;
        for (const EndLabel& label : labels_) entries.push_back({label.text, label.color});
        legend.setEntries(std::move(entries));
        legend.draw(plot(), plot().width());
    }
    const int below = direct ? 0 : legend.height(plot().width()) + legendGap;
    plot().plotLayout()->setMargins(QMargins(0, 0, 0, below));
}

void LineChart::draw() {
    labels_.clear();
    labelItems_.clear();
    setTopCaption(plot(), axes_.y);
    plot().xAxis->setLabel(axes_.x);
    for (const LineSeries& series : series_) {
        if (series.y.empty()) continue;
        drawBand(series);
        if (!series.filled) drawLine(series);
        if (series.markers) drawMarkers(series);
        const double at =
            series.filled ? (series.low.back() + series.high.back()) / 2 : series.y.back();
        if (!series.name.isEmpty()) labels_.push_back({series.name, series.color.resolve(), at});
    }
    reserveMargins();
    if (labelledAtEnds()) labelItems_ = addEndLabels(plot(), labels_);
}

void LineChart::fit() {
    double left = std::numeric_limits<double>::max(), right = std::numeric_limits<double>::lowest();
    double low = left, high = right;
    bool whole = true;
    for (const LineSeries& series : series_) {
        for (const double x : series.x) {
            left = std::min(left, x), right = std::max(right, x);
            whole = whole && x == std::floor(x);
        }
        for (const auto* values : {&series.y, &series.low, &series.high})
            for (const double y : *values)
                if (std::isfinite(y)) low = std::min(low, y), high = std::max(high, y);
    }
    padRange(left, right, series_.front().filled ? 0 : 0.02);
    if (axes_.fromZero && low >= 0) {
        low = 0;
        high = high > 0 ? high * 1.08 : 1;
    } else {
        padRange(low, high, 0.1);
    }
    if (whole) setCounts(plot().xAxis);
    plot().xAxis->setRange(left, right);
    plot().yAxis->setRange(low, high);
}

void LineChart::placeLabels() {
    if (!labelItems_.empty()) placeEndLabels(plot(), labelItems_, labels_);
}

QString LineChart::hoverText(const QPointF& position) const {
    if (!plot().axisRect()->rect().contains(position.toPoint())) return {};
    const double x = plot().xAxis->pixelToCoord(position.x());
    QStringList lines;
    double nearest = std::numeric_limits<double>::quiet_NaN();
    for (const LineSeries& series : series_)
        for (const double candidate : series.x)
            if (std::isnan(nearest) || std::abs(candidate - x) < std::abs(nearest - x))
                nearest = candidate;
    for (const LineSeries& series : series_) {
        const auto it = placeOf(series, nearest);
        if (it == series.x.end()) continue;
        const auto i = static_cast<std::size_t>(it - series.x.begin());
        const double value = series.filled ? series.high[i] - series.low[i] : series.y[i];
        QString line = QStringLiteral("%1: %2").arg(series.name, formatNumber(value, axes_.format));
        if (!series.filled && series.low.size() == series.y.size())
            line += QStringLiteral(" (%1–%2)")
                        .arg(formatNumber(series.low[i]), formatNumber(series.high[i]));
        if (isFaded(series, i)) line += tr(", warm-up");
        lines.append(line);
    }
    if (lines.isEmpty()) return {};
    lines.prepend(QStringLiteral("%1 %2").arg(axes_.x, formatNumber(nearest)));
    return lines.join(QLatin1Char('\n'));
}

QString LineChart::description() const {
    QStringList parts;
    for (const LineSeries& series : series_) {
        if (series.y.empty()) continue;
        const auto [low, high] = std::minmax_element(series.y.begin(), series.y.end());
        parts.append(
            tr("%1: %2 from %3 to %4")
                .arg(series.name,
                     counted(static_cast<qint64>(series.y.size()), tr("%1 value"), tr("%1 values")),
                     formatNumber(*low, axes_.format), formatNumber(*high, axes_.format)));
    }
    return parts.join(QStringLiteral("; "));
}

ChartTable LineChart::table() const {
    ChartTable result;
    result.columns = {axes_.x};
    std::map<double, QStringList> rows;
    for (const LineSeries& series : series_)
        for (const double x : series.x) rows[x] = {ChartTable::figure(x)};
    for (const LineSeries& series : series_) {
        const bool band =
            !series.filled && !series.y.empty() && series.low.size() == series.y.size();
        result.columns.append(QStringLiteral("%1 (%2)").arg(series.name, axes_.y));
        if (band)
            result.columns.append({tr("%1 low").arg(series.name), tr("%1 high").arg(series.name)});
        for (auto& [x, fields] : rows) {
            const auto it = placeOf(series, x);
            const auto i = static_cast<std::size_t>(it - series.x.begin());
            const bool known = it != series.x.end();
            const double value = !known          ? 0
                                 : series.filled ? series.high[i] - series.low[i]
                                                 : series.y[i];
            fields.append(known ? ChartTable::figure(value) : QString());
            if (band) {
                fields.append(known ? ChartTable::figure(series.low[i]) : QString());
                fields.append(known ? ChartTable::figure(series.high[i]) : QString());
            }
        }
    }
    for (auto& [x, fields] : rows) result.rows.push_back(fields);
    return result;
}

}  // namespace hone::ui
