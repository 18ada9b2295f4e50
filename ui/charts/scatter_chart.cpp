// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/scatter_chart.h"

#include <qcustomplot.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "ui/charts/axis_style.h"
#include "ui/charts/label_placement.h"
#include "ui/theme/theme.h"

namespace hone::ui {

namespace {

constexpr double pointRadius = 5, barHalf = 1;
constexpr double wideSpan = 100;  // largest over least, from which on the axis is logarithmic
constexpr double roomBelow = 2, pad = 1.6;  // factors on a logarithmic axis

bool noWorse(double a, double b, bool higherIsBetter) {
    return higherIsBetter ? a >= b : a <= b;
}

}  // namespace

ScatterChart::ScatterChart(const QString& name, QWidget* parent) : Chart(name, parent) {
    x_.format = y_.format = [](double value) { return formatNumber(value); };
}

void ScatterChart::setAxes(ScatterAxis x, ScatterAxis y) {
    x_ = std::move(x);
    y_ = std::move(y);
    resetView();
    refresh();
}

void ScatterChart::setPoints(std::vector<ScatterPoint> points) {
    points_ = std::move(points);
    xScale_ = scaleOf(&ScatterPoint::x);
    yScale_ = scaleOf(&ScatterPoint::y);
    refresh();
}

ScatterChart::Scale ScatterChart::scaleOf(ScatterValue ScatterPoint::*side) const {
    double least = std::numeric_limits<double>::max(), most = 0;
    for (const ScatterPoint& point : points_) {
        const double value = (point.*side).value;
        if (value < 0) return {};
        if (value > 0) least = std::min(least, value);
        most = std::max(most, value);
    }
    if (!(most > wideSpan * least)) return {};
    return {true, std::pow(10, std::floor(std::log10(least / roomBelow)))};
}

QCPRange ScatterChart::rangeOf(ScatterValue ScatterPoint::*side, const Scale& scale,
                               double padding) const {
    double low = std::numeric_limits<double>::max(), high = std::numeric_limits<double>::lowest();
    for (const ScatterPoint& point : points_) {
        const ScatterValue& v = point.*side;
        low = std::min({low, scale.place(v.low), scale.place(v.value)});
        high = std::max({high, v.high, v.value});
    }
    if (scale.logarithmic) return {low / pad, high * pad};
    padRange(low, high, padding);
    return {low, high};
}

QString ScatterChart::caption(const ScatterAxis& axis, const Scale& scale,
                              const QString& better) const {
    const QString text = axis.title + better;
    return scale.logarithmic ? tr("%1  (logarithmic)").arg(text) : text;
}

std::vector<std::size_t> ScatterChart::front() const {
    std::vector<std::size_t> result;
    for (std::size_t i = 0; i < points_.size(); ++i) {
        const ScatterPoint& p = points_[i];
        const bool beaten = std::any_of(points_.begin(), points_.end(), [&](const ScatterPoint& q) {
            const bool differs = q.x.value != p.x.value || q.y.value != p.y.value;
            return differs && noWorse(q.x.value, p.x.value, x_.higherIsBetter) &&
                   noWorse(q.y.value, p.y.value, y_.higherIsBetter);
        });
        if (!beaten) result.push_back(i);
    }
    std::sort(result.begin(), result.end(), [this](std::size_t a, std::size_t b) {
        return points_[a].x.value < points_[b].x.value;
    });
    return result;
}

void ScatterChart::drawFront() {
    const std::vector<std::size_t> members = front();
    if (members.size() < 2) return;
    nameFront();
    QCPGraph* line = plot().addGraph();
    line->setPen(QPen(Theme::instance().palette().candidate, 1, Qt::DashLine));
    for (const std::size_t i : members)
        line->addData(xScale_.place(points_[i].x.value), yScale_.place(points_[i].y.value));
}

// What a dashed line means is not for everyone to guess.
void ScatterChart::nameFront() {
    auto* name = new QCPItemText(&plot());
    name->setClipToAxisRect(false);
    name->setLayer(QStringLiteral("overlay"));
    name->setText(tr("┄ beaten by none on both"));
    name->setFont(Theme::instance().font(TextStyle::caption));
    name->setColor(Theme::instance().palette().candidate);
    name->setPositionAlignment(Qt::AlignRight | Qt::AlignTop);
    name->setPadding(QMargins());
    name->position->setTypeX(QCPItemPosition::ptViewportRatio);
    name->position->setTypeY(QCPItemPosition::ptViewportRatio);
    name->position->setCoords(1, 0);
}

const ScatterPoint* ScatterChart::nearest(const QPointF& position) const {
    const ScatterPoint* found = nullptr;
    double least = hoverRadius;
    for (const ScatterPoint& point : points_) {
        const QPointF away = pixel(point) - position;
        const double distance = std::hypot(away.x(), away.y());
        if (distance > least) continue;
        least = distance;
        found = &point;
    }
    return found;
}

void ScatterChart::clicked(const QPointF& position) {
    if (const ScatterPoint* point = nearest(position)) emit pointClicked(point->id);
}

bool ScatterChart::doubleClicked(const QPointF& position) {
    const ScatterPoint* point = nearest(position);
    if (point != nullptr) emit pointDoubleClicked(point->id);
    return point != nullptr;
}

void ScatterChart::drawErrors(const ScatterPoint& point) {
    QColor color = point.color.resolve();
    color.setAlphaF(0.55F);
    const auto stroke = [&](double x0, double y0, double x1, double y1) {
        auto* bar = new QCPItemLine(&plot());
        bar->setLayer(
            QStringLiteral("overlay"));  // above the names: half an interval looks one-sided
        bar->setPen(QPen(color, 1.2));
        bar->start->setCoords(xScale_.place(x0), yScale_.place(y0));
        bar->end->setCoords(xScale_.place(x1), yScale_.place(y1));
    };
    if (point.x.high > point.x.low) stroke(point.x.low, point.y.value, point.x.high, point.y.value);
    if (point.y.high > point.y.low) stroke(point.x.value, point.y.low, point.x.value, point.y.high);
}

void ScatterChart::draw() {
    const Theme& theme = Theme::instance();
    labels_.clear();
    for (const auto& [axis, scale] :
         {std::pair(plot().xAxis, xScale_), std::pair(plot().yAxis, yScale_)}) {
        axis->setScaleType(QCPAxis::stLinear);
        styleAxis(axis, true);
        if (scale.logarithmic) setLogarithmic(axis, scale.zeroAt);
    }
    setTopCaption(plot(),
                  caption(y_, yScale_, y_.higherIsBetter ? tr("  ↑ better") : tr("  ↓ better")));
    plot().xAxis->setLabel(
        caption(x_, xScale_, x_.higherIsBetter ? tr("  → better") : tr("  ← better")));
    plot().axisRect()->setAutoMargins(QCP::msLeft | QCP::msBottom);
    plot().axisRect()->setMargins(QMargins(0, captionHeight, 16, 0));
    drawFront();
    for (const ScatterPoint& point : points_) {
        drawErrors(point);
        QCPGraph* dot = plot().addGraph();
        dot->setName(point.name);
        dot->setLineStyle(QCPGraph::lsNone);
        dot->setScatterStyle(QCPScatterStyle(
            point.reference ? QCPScatterStyle::ssSquare : QCPScatterStyle::ssCircle,
            QPen(theme.palette().surface, 1), point.color.resolve(), 2 * pointRadius));
        dot->addData(xScale_.place(point.x.value), yScale_.place(point.y.value));
        auto* label = new QCPItemText(&plot());
        label->setClipToAxisRect(false);
        label->setLayer(QStringLiteral("legend"));
        label->setText(point.name);
        label->setFont(theme.font(TextStyle::caption));
        label->setColor(theme.palette().text);
        QColor behind =
            theme.palette().surface;  // keeps the line of the front from striking through the name
        behind.setAlphaF(0.85F);
        label->setBrush(behind);
        label->setPadding(QMargins());
        label->setPositionAlignment(Qt::AlignLeft | Qt::AlignTop);
        label->position->setType(QCPItemPosition::ptAbsolute);
        labels_.push_back(label);
    }
}

void ScatterChart::fit() {
    plot().xAxis->setRange(rangeOf(&ScatterPoint::x, xScale_, 0.1));
    plot().yAxis->setRange(rangeOf(&ScatterPoint::y, yScale_, 0.14));
}

QPointF ScatterChart::pixel(const ScatterPoint& point) const {
    return {plot().xAxis->coordToPixel(xScale_.place(point.x.value)),
            plot().yAxis->coordToPixel(yScale_.place(point.y.value))};
}

// The bars of intervals that can be seen beside their point, in pixels.
std::vector<QRectF> ScatterChart::barsOf(const ScatterPoint& point) const {
    std::vector<QRectF> bars;
    const QPointF middle = pixel(point);
    const auto x = [this](double value) {
        return plot().xAxis->coordToPixel(xScale_.place(value));
    };
    const auto y = [this](double value) {
        return plot().yAxis->coordToPixel(yScale_.place(value));
    };
    const auto add = [&bars](double left, double top, double right, double bottom) {
        bars.push_back(QRectF(QPointF(left, top), QPointF(right, bottom)).normalized());
    };
    if (point.x.high > point.x.low)
        add(x(point.x.low), middle.y() - barHalf, x(point.x.high), middle.y() + barHalf);
    if (point.y.high > point.y.low)
        add(middle.x() - barHalf, y(point.y.high), middle.x() + barHalf, y(point.y.low));
    return bars;
}

void ScatterChart::placeLabels() {
    const QFontMetricsF metrics(Theme::instance().font(TextStyle::caption));
    const QRectF area = QRectF(plot().axisRect()->rect()).adjusted(0, 0, 14, 0);
    std::vector<QPointF> at;
    std::vector<QSizeF> sizes;
    for (std::size_t i = 0; i < labels_.size(); ++i) {
        at.push_back(pixel(points_[i]));
        sizes.emplace_back(metrics.horizontalAdvance(points_[i].name), metrics.height());
    }
    std::vector<QRectF> bars;
    for (const ScatterPoint& point : points_)
        for (const QRectF& bar : barsOf(point)) bars.push_back(bar);
    const auto places = placeBesidePoints(at, sizes, area, pointRadius, bars);
    for (std::size_t i = 0; i < labels_.size(); ++i) {
        labels_[i]->setVisible(places[i].has_value());
        if (places[i]) labels_[i]->position->setCoords(*places[i]);
    }
}

QString ScatterChart::hoverText(const QPointF& position) const {
    QStringList lines;
    const auto describe = [](const ScatterAxis& axis, const ScatterValue& v) {
        QString text = QStringLiteral("%1: %2").arg(axis.title, axis.format(v.value));
        if (v.high > v.low)
            text += QStringLiteral(" (%1–%2)").arg(axis.format(v.low), axis.format(v.high));
        return text;
    };
    for (const ScatterPoint& point : points_) {
        const QPointF away = pixel(point) - position;
        if (std::hypot(away.x(), away.y()) > hoverRadius) continue;
        lines << point.name << describe(x_, point.x) << describe(y_, point.y);
    }
    return lines.join(QLatin1Char('\n'));
}

QString ScatterChart::description() const {
    QStringList names;
    for (const std::size_t i : front()) names.append(points_[i].name);
    return tr("%1; on the front: %2")
        .arg(counted(static_cast<qint64>(points_.size()), tr("%1 run"), tr("%1 runs")),
             names.join(QStringLiteral(", ")));
}

ChartTable ScatterChart::table() const {
    ChartTable result;
    result.columns = {tr("run"), x_.title, tr("low"), tr("high"), y_.title, tr("low"), tr("high")};
    for (const ScatterPoint& p : points_)
        result.rows.push_back({p.name, ChartTable::figure(p.x.value), ChartTable::figure(p.x.low),
                               ChartTable::figure(p.x.high), ChartTable::figure(p.y.value),
                               ChartTable::figure(p.y.low), ChartTable::figure(p.y.high)});
    return result;
}

}  // namespace hone::ui
