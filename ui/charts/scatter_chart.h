// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <functional>
#include <vector>

#include "ui/charts/chart.h"
#include "ui/charts/chart_color.h"

class QCPItemText;
class QCPRange;

namespace hone::ui {

struct ScatterValue {
    double value = 0, low = 0, high = 0;  // low = high = value: no error bar
};

struct ScatterPoint {
    QString name;
    ScatterValue x, y;
    ChartColor color = ChartColor::muted();
    bool reference = false;  // what the others are compared with: a square
    qint64 id = 0;           // whoever follows clicks knows it by this
};

struct ScatterAxis {
    QString title;  // with its unit
    bool higherIsBetter = true;
    std::function<QString(double)> format;
};

// One metric against another, a point a run, with error bars and the front: the points that no
// other beats on both. Points can be clicked.
class ScatterChart : public Chart {
    Q_OBJECT
public:
    explicit ScatterChart(const QString& name, QWidget* parent = nullptr);

    void setAxes(ScatterAxis x, ScatterAxis y);
    void setPoints(std::vector<ScatterPoint> points);

    bool isEmpty() const override { return points_.empty(); }
    ChartTable table() const override;
    // Indices of the front's points from left to right.
    std::vector<std::size_t> front() const;
    // Where a point is, in pixels of the plot.
    QPointF pixel(std::size_t point) const { return pixel(points_[point]); }
    bool logarithmicX() const { return xScale_.logarithmic; }
    bool logarithmicY() const { return yScale_.logarithmic; }

signals:
    void pointClicked(qint64 id);
    void pointDoubleClicked(qint64 id);

protected:
    void draw() override;
    void fit() override;
    void placeLabels() override;
    QString hoverText(const QPointF& position) const override;
    QString description() const override;
    void clicked(const QPointF& position) override;
    bool doubleClicked(const QPointF& position) override;

private:
    const ScatterPoint* nearest(const QPointF& position) const;
    void nameFront();
    // Where values span more than two decades one far point would press all others onto the axis:
    // then decades are as far apart as each other. `zeroAt`: where a value of nothing is drawn,
    // half a decade or more below the least.
    struct Scale {
        bool logarithmic = false;
        double zeroAt = 0;
        double place(double value) const { return logarithmic ? std::max(value, zeroAt) : value; }
    };
    Scale scaleOf(ScatterValue ScatterPoint::*side) const;
    QCPRange rangeOf(ScatterValue ScatterPoint::*side, const Scale& scale, double padding) const;
    QString caption(const ScatterAxis& axis, const Scale& scale, const QString& better) const;
    void drawFront();
    void drawErrors(const ScatterPoint& point);
    QPointF pixel(const ScatterPoint& point) const;
    std::vector<QRectF> barsOf(const ScatterPoint& point) const;
    ScatterAxis x_, y_;
    Scale xScale_, yScale_;  // of the points
    std::vector<ScatterPoint> points_;
    std::vector<QCPItemText*> labels_;
};

}  // namespace hone::ui
