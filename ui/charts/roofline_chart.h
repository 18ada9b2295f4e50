// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QColor>
#include <vector>

#include "ui/charts/chart.h"

class QCPItemText;

namespace hone::ui {

// One kernel or operation: FLOPs a byte, FLOP/s, and its share of the time, which is the size of
// its point.
struct RooflinePoint {
    QString name;
    double intensity = 0, flopsRate = 0, share = 0;
    QColor color;
    bool counted = true;  // intensity by bytes that hardware counted; else by a formula, and its
                          // point is hollow
};

// What a machine reaches when it does nothing else; 0: not known, then no roof is drawn.
struct Roof {
    double bandwidth = 0, flops = 0;  // bytes/s, FLOP/s
};

// FLOP/s against FLOPs a byte, both logarithmic, below the roof that bandwidth and computing make
// (Williams et al. 2009).
class RooflineChart : public Chart {
    Q_OBJECT
public:
    explicit RooflineChart(const QString& name, QWidget* parent = nullptr);

    void setRoofline(std::vector<RooflinePoint> points,
                     Roof roof);  // points without bytes or FLOPs are left out
    const std::vector<RooflinePoint>& points() const { return points_; }

    bool isEmpty() const override { return points_.empty(); }
    ChartTable table() const override;

protected:
    void draw() override;
    void fit() override;
    void placeLabels() override;
    QString hoverText(const QPointF& position) const override;
    QString description() const override;

private:
    void drawRoof();
    double attainable(double intensity) const;
    QString shareOfRoof(const RooflinePoint& point) const;

    std::vector<RooflinePoint> points_;
    Roof roof_;
    double left_ = 0.1, right_ = 1000;  // intensities that the roof is drawn over
    std::vector<QCPItemText*> labels_;
};

}  // namespace hone::ui
