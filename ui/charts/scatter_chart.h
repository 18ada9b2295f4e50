// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <vector>

#include "ui/charts/chart.h"
#include "ui/charts/chart_color.h"

class QCPItemText;

namespace hone::ui {

struct ScatterValue {
    double value = 0, low = 0, high = 0;  // low = high = value: no error bar
};

struct ScatterPoint {
    QString name;
    ScatterValue x, y;
    ChartColor color = ChartColor::muted();
};

struct ScatterAxis {
    QString title;  // with its unit
    bool higherIsBetter = true;
    std::function<QString(double)> format;
};

// One metric against another, a point a run, with error bars and the front: the points that no other beats on both.
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

protected:
    void draw() override;
    void fit() override;
    void placeLabels() override;
    QString hoverText(const QPointF& position) const override;
    QString description() const override;

private:
    void drawFront();
    void drawErrors(const ScatterPoint& point);
    QPointF pixel(const ScatterPoint& point) const;
    ScatterAxis x_, y_;
    std::vector<ScatterPoint> points_;
    std::vector<QCPItemText*> labels_;
};

}  // namespace hone::ui
