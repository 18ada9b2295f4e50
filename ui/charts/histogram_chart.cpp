// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/histogram_chart.h"

#include <qcustomplot.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "ui/charts/axis_style.h"
#include "ui/theme/theme.h"

namespace hone::ui {

HistogramChart::HistogramChart(QWidget* parent) : HistogramChart(tr("Histogram"), parent) {}

HistogramChart::HistogramChart(const QString& name, QWidget* parent)
    : Chart(name, parent), valueTitle_(tr("value")), countTitle_(tr("weights")) {
    plot().axisRect()->setRangeDrag(Qt::Horizontal);
    plot().axisRect()->setRangeZoom(Qt::Horizontal);
    plot().axisRect()->setMinimumMargins(QMargins(0, 20, 12, 0));
}

void HistogramChart::setAxes(const QString& values, const QString& counts) {
    valueTitle_ = values;
    countTitle_ = counts;
    refresh();
}

void HistogramChart::setData(double low, double high, const std::vector<double>& counts) {
    const bool usable = std::isfinite(low) && std::isfinite(high) && high > low;
    low_ = low;
    high_ = high;
    counts_ = usable ? counts : std::vector<double>();
    resetView();
    refresh();
}

void HistogramChart::setLogarithmic(bool logarithmic) {
    logarithmic_ = logarithmic;
    refresh();
}

double HistogramChart::edge(std::size_t bin) const {
    return low_ + (high_ - low_) * static_cast<double>(bin) / static_cast<double>(counts_.size());
}

void HistogramChart::draw() {
    const Palette& palette = Theme::instance().palette();
    setTopCaption(plot(), countTitle_);
    plot().xAxis->setLabel(valueTitle_);
    plot().yAxis->setScaleType(logarithmic_ ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
    if (logarithmic_)
        plot().yAxis->setTicker(QSharedPointer<QCPAxisTickerLog>::create());
    else
        styleAxis(plot().yAxis, true);
    auto* bars = new QCPBars(plot().xAxis, plot().yAxis);
    bars->setWidthType(QCPBars::wtPlotCoords);
    bars->setWidth((high_ - low_) / static_cast<double>(counts_.size()));
    bars->setBaseValue(logarithmic_ ? 0.5 : 0);
    bars->setPen(QPen(palette.surface, counts_.size() > 120 ? 0 : 1));
    bars->setBrush(palette.candidate);
    for (std::size_t bin = 0; bin < counts_.size(); ++bin)
        if (counts_[bin] > 0) bars->addData((edge(bin) + edge(bin + 1)) / 2, counts_[bin]);
}

void HistogramChart::fit() {
    const double top = *std::max_element(counts_.begin(), counts_.end());
    plot().xAxis->setRange(low_, high_);
    if (logarithmic_)
        plot().yAxis->setRange(0.5, std::max(top, 1.0) * 1.5);
    else
        plot().yAxis->setRange(0, top > 0 ? top * 1.06 : 1);
}

QString HistogramChart::hoverText(const QPointF& position) const {
    if (!plot().axisRect()->rect().contains(position.toPoint())) return {};
    const double value = plot().xAxis->pixelToCoord(position.x());
    if (value < low_ || value >= high_) return {};
    const auto bin = static_cast<std::size_t>((value - low_) / (high_ - low_) *
                                              static_cast<double>(counts_.size()));
    if (bin >= counts_.size()) return {};
    const double total = std::accumulate(counts_.begin(), counts_.end(), 0.0);
    const double share = total > 0 ? counts_[bin] / total * 100 : 0;
    return tr("%1 to %2\n%3 %4 (%5)")
        .arg(formatNumber(edge(bin)), formatNumber(edge(bin + 1)), formatExact(counts_[bin]),
             countTitle_, formatNumber(share, QStringLiteral("%")));
}

QString HistogramChart::description() const {
    const auto most = static_cast<std::size_t>(std::max_element(counts_.begin(), counts_.end()) -
                                               counts_.begin());
    return tr("%1 bins from %2 to %3; the fullest holds %4 between %5 and %6")
        .arg(counts_.size())
        .arg(formatNumber(low_), formatNumber(high_), formatExact(counts_[most]),
             formatNumber(edge(most)), formatNumber(edge(most + 1)));
}

ChartTable HistogramChart::table() const {
    ChartTable result;
    result.columns = {tr("from"), tr("to"), countTitle_};
    for (std::size_t bin = 0; bin < counts_.size(); ++bin)
        result.rows.push_back({ChartTable::figure(edge(bin)), ChartTable::figure(edge(bin + 1)),
                               ChartTable::figure(counts_[bin])});
    return result;
}

}  // namespace hone::ui
