// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/roofline_chart.h"

#include <qcustomplot.h>

#include <algorithm>
#include <cmath>

#include "ui/charts/axis_style.h"
#include "ui/charts/label_placement.h"
#include "ui/theme/theme.h"

namespace hone::ui {

namespace {

constexpr double leastRadius = 4, mostRadius = 12;

double radiusOf(const RooflinePoint& point) {
    return leastRadius + (mostRadius - leastRadius) * std::sqrt(std::clamp(point.share, 0.0, 1.0));
}

}  // namespace

RooflineChart::RooflineChart(const QString& name, QWidget* parent) : Chart(name, parent) {}

void RooflineChart::setRoofline(std::vector<RooflinePoint> points, Roof roof) {
    std::erase_if(points,
                  [](const RooflinePoint& p) { return !(p.intensity > 0 && p.flopsRate > 0); });
    // The largest first: smaller points stay on top.
    std::stable_sort(
        points.begin(), points.end(),
        [](const RooflinePoint& a, const RooflinePoint& b) { return a.share > b.share; });
    points_ = std::move(points);
    roof_ = roof;
    left_ = 0.1;
    right_ = roof_.bandwidth > 0 && roof_.flops > 0 ? 10 * roof_.flops / roof_.bandwidth : 10;
    for (const RooflinePoint& point : points_) {
        left_ = std::min(left_, point.intensity / 2);
        right_ = std::max(right_, point.intensity * 2);
    }
    refresh();
}

double RooflineChart::attainable(double intensity) const {
    return std::min(roof_.flops, roof_.bandwidth * intensity);
}

void RooflineChart::drawRoof() {
    if (!(roof_.bandwidth > 0 && roof_.flops > 0)) return;
    QCPGraph* line = plot().addGraph();
    line->setPen(QPen(Theme::instance().palette().text, 1.5));
    const double ridge = roof_.flops / roof_.bandwidth;
    for (const double intensity : {left_ / 10, ridge, std::max(right_, ridge) * 10})
        line->addData(intensity, attainable(intensity) / 1e9);
}

void RooflineChart::draw() {
    const Theme& theme = Theme::instance();
    labels_.clear();
    setLogarithmic(plot().xAxis);
    setLogarithmic(plot().yAxis);
    const bool known = roof_.bandwidth > 0 && roof_.flops > 0;
    setTopCaption(plot(),
                  known ? tr("GFLOP/s; the roof as measured: %1, %2")
                              .arg(formatNumber(roof_.bandwidth / 1e9, QStringLiteral("GB/s")),
                                   formatNumber(roof_.flops / 1e12, QStringLiteral("TFLOP/s")))
                        : tr("GFLOP/s"));
    plot().xAxis->setLabel(tr("FLOPs a byte"));
    plot().axisRect()->setAutoMargins(QCP::msLeft | QCP::msBottom);
    plot().axisRect()->setMargins(QMargins(0, captionHeight, 16, 0));
    drawRoof();
    for (const RooflinePoint& point : points_) {
        QCPGraph* dot = plot().addGraph();
        dot->setLineStyle(QCPGraph::lsNone);
        dot->setScatterStyle(point.counted
                                 ? QCPScatterStyle(QCPScatterStyle::ssCircle,
                                                   QPen(theme.palette().surface, 1), point.color,
                                                   2 * radiusOf(point))
                                 : QCPScatterStyle(QCPScatterStyle::ssCircle, QPen(point.color, 2),
                                                   Qt::NoBrush, 2 * radiusOf(point)));
        dot->addData(point.intensity, point.flopsRate / 1e9);
        auto* label = new QCPItemText(&plot());
        label->setClipToAxisRect(false);
        label->setLayer(QStringLiteral("overlay"));
        label->setText(point.name);
        label->setFont(theme.font(TextStyle::caption));
        label->setColor(theme.palette().text);
        label->setPadding(QMargins());
        label->setPositionAlignment(Qt::AlignLeft | Qt::AlignTop);
        label->position->setType(QCPItemPosition::ptAbsolute);
        labels_.push_back(label);
    }
}

void RooflineChart::fit() {
    double low = 1e300, high = 0;
    for (const RooflinePoint& point : points_) {
        low = std::min(low, point.flopsRate / 1e9);
        high = std::max(high, point.flopsRate / 1e9);
    }
    if (roof_.bandwidth > 0 && roof_.flops > 0) high = std::max(high, roof_.flops / 1e9);
    plot().xAxis->setRange(left_, right_);
    plot().yAxis->setRange(std::max(low / 3, 1e-9), std::max(high * 2, low * 10));
}

void RooflineChart::placeLabels() {
    const QFontMetricsF metrics(Theme::instance().font(TextStyle::caption));
    const QRectF area = QRectF(plot().axisRect()->rect()).adjusted(0, 0, 14, 0);
    std::vector<QPointF> at;
    std::vector<QSizeF> sizes;
    for (const RooflinePoint& point : points_) {
        at.emplace_back(plot().xAxis->coordToPixel(point.intensity),
                        plot().yAxis->coordToPixel(point.flopsRate / 1e9));
        sizes.emplace_back(metrics.horizontalAdvance(point.name), metrics.height());
    }
    const auto places = placeBesidePoints(at, sizes, area, mostRadius * 0.7);
    for (std::size_t i = 0; i < labels_.size(); ++i) {
        labels_[i]->setVisible(places[i].has_value());
        if (places[i]) labels_[i]->position->setCoords(*places[i]);
    }
}

QString RooflineChart::shareOfRoof(const RooflinePoint& point) const {
    if (!(roof_.bandwidth > 0 && roof_.flops > 0)) return {};
    return tr("%1 % of what the roof allows")
        .arg(QLocale().toString(100 * point.flopsRate / attainable(point.intensity), 'f', 1));
}

QString RooflineChart::hoverText(const QPointF& position) const {
    QStringList lines;
    for (const RooflinePoint& point : points_) {
        const QPointF away(plot().xAxis->coordToPixel(point.intensity) - position.x(),
                           plot().yAxis->coordToPixel(point.flopsRate / 1e9) - position.y());
        if (std::hypot(away.x(), away.y()) > hoverRadius) continue;
        lines << point.name << formatNumber(point.intensity, tr("FLOPs a byte"))
              << formatNumber(point.flopsRate / 1e9, QStringLiteral("GFLOP/s"))
              << (point.counted ? tr("bytes counted by the hardware") : tr("bytes by formula"))
              << tr("%1 % of the time").arg(QLocale().toString(100 * point.share, 'f', 1));
        if (const QString roof = shareOfRoof(point); !roof.isEmpty()) lines << roof;
    }
    return lines.join(QLatin1Char('\n'));
}

QString RooflineChart::description() const {
    QStringList parts;
    for (const RooflinePoint& point : points_)
        parts << QStringLiteral("%1: %2").arg(
            point.name, formatNumber(point.flopsRate / 1e9, QStringLiteral("GFLOP/s")));
    return parts.join(QStringLiteral("; "));
}

ChartTable RooflineChart::table() const {
    ChartTable result;
    result.columns = {tr("name"),          tr("FLOPs a byte"),
                      tr("FLOP/s"),        tr("share of the time"),
                      tr("roof (FLOP/s)"), tr("bytes")};
    for (const RooflinePoint& p : points_)
        result.rows.push_back({p.name, ChartTable::figure(p.intensity),
                               ChartTable::figure(p.flopsRate), ChartTable::figure(p.share),
                               ChartTable::figure(attainable(p.intensity)),
                               p.counted ? tr("counted") : tr("by formula")});
    return result;
}

}  // namespace hone::ui
