// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/interval_bars_chart.h"

#include <qcustomplot.h>

#include <algorithm>
#include <cmath>

#include "ui/charts/axis_style.h"
#include "ui/theme/theme.h"

namespace hone::ui {

namespace {

constexpr double barWidth = 0.56;
constexpr int longestName = 150, labelGap = 6;

}  // namespace

IntervalBarsChart::IntervalBarsChart(const QString& name, QWidget* parent) : Chart(name, parent) {
    plot().axisRect()->setRangeZoom(Qt::Horizontal);
    plot().axisRect()->setRangeDrag(Qt::Horizontal);
}

void IntervalBarsChart::setData(const QString& axis, Format format, std::vector<IntervalBar> bars) {
    axis_ = axis;
    format_ = std::move(format);
    bars_ = std::move(bars);
    refresh();
}

void IntervalBarsChart::draw() {
    const Theme& theme = Theme::instance();
    const QFontMetrics metrics(theme.font(TextStyle::caption));
    QStringList names;
    int widest = 0;
    styleAxis(plot().xAxis, true);
    styleAxis(plot().yAxis, false);
    plot().yAxis->setTickLabelColor(theme.palette().text);
    plot().yAxis->setRangeReversed(true);
    plot().xAxis->setLabel(axis_);
    for (std::size_t i = 0; i < bars_.size(); ++i) {
        const IntervalBar& bar = bars_[i];
        const auto row = static_cast<double>(i);
        names.append(metrics.elidedText(bar.name, Qt::ElideRight, longestName));
        auto* shape = new QCPBars(plot().yAxis, plot().xAxis);
        shape->setName(bar.name);
        shape->setWidth(barWidth);
        shape->setPen(Qt::NoPen);
        shape->setBrush(bar.color.resolve());
        shape->addData(row, bar.value);
        if (bar.high > bar.low) {
            auto* whisker = new QCPItemLine(&plot());
            whisker->setPen(QPen(theme.palette().text, 1.2));
            whisker->setHead(QCPLineEnding(QCPLineEnding::esBar, 6, 0));
            whisker->setTail(QCPLineEnding(QCPLineEnding::esBar, 6, 0));
            whisker->start->setCoords(bar.low, row);
            whisker->end->setCoords(bar.high, row);
        }
        auto* value = new QCPItemText(&plot());
        value->setClipToAxisRect(false);
        value->setLayer(QStringLiteral("overlay"));
        value->setText(format_(bar.value));
        value->setFont(theme.font(TextStyle::caption));
        value->setColor(theme.palette().mutedText);
        value->setPadding(QMargins(labelGap, 0, 0, 0));
        value->setPositionAlignment(Qt::AlignLeft | Qt::AlignVCenter);
        value->position->setCoords(std::max(bar.value, bar.high), row);
        widest = std::max(widest, metrics.horizontalAdvance(value->text()));
    }
    setCategories(plot().yAxis, names);
    plot().axisRect()->setAutoMargins(QCP::msLeft | QCP::msBottom);
    plot().axisRect()->setMargins(QMargins(0, 2, widest + labelGap + 4, 0));
}

void IntervalBarsChart::fit() {
    double longest = 0;
    for (const IntervalBar& bar : bars_) longest = std::max({longest, bar.value, bar.high});
    plot().xAxis->setRange(0, longest > 0 ? longest : 1);
    plot().yAxis->setRange(-0.5, static_cast<double>(bars_.size()) - 0.5);
}

QString IntervalBarsChart::hoverText(const QPointF& position) const {
    if (!plot().axisRect()->rect().contains(position.toPoint())) return {};
    const auto row =
        static_cast<std::ptrdiff_t>(std::lround(plot().yAxis->pixelToCoord(position.y())));
    if (row < 0 || row >= static_cast<std::ptrdiff_t>(bars_.size())) return {};
    const IntervalBar& bar = bars_[static_cast<std::size_t>(row)];
    QString text = QStringLiteral("%1\n%2").arg(bar.name, format_(bar.value));
    if (bar.high > bar.low)
        text += QStringLiteral(" (%1–%2)").arg(format_(bar.low), format_(bar.high));
    return text;
}

QString IntervalBarsChart::description() const {
    QStringList parts;
    for (const IntervalBar& bar : bars_)
        parts.append(QStringLiteral("%1: %2").arg(bar.name, format_(bar.value)));
    return parts.join(QStringLiteral("; "));
}

ChartTable IntervalBarsChart::table() const {
    ChartTable result;
    result.columns = {tr("run"), axis_, tr("low"), tr("high")};
    for (const IntervalBar& bar : bars_)
        result.rows.push_back({bar.name, ChartTable::figure(bar.value), ChartTable::figure(bar.low),
                               ChartTable::figure(bar.high)});
    return result;
}

}  // namespace hone::ui
