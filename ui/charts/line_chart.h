// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <vector>

#include "ui/charts/chart.h"
#include "ui/charts/chart_color.h"
#include "ui/charts/end_labels.h"

class QCPItemText;

namespace hone::ui {

// One line. `low` and `high` are empty or as long as `y`: a band around it. `faded` points
// (warm-up) are drawn in grey.
struct LineSeries {
    QString name;
    ChartColor color = ChartColor::baseline();
    std::vector<double> x, y, low, high;
    std::vector<bool> faded;
    bool markers = false;
    bool filled = false;  // between low and high, without a line: for stacked areas
};

struct LineAxes {
    QString x, y;    // captions with units
    QString format;  // unit of the values in the hover text
    bool fromZero = true;
};

// Values along a count or a time; up to four lines carry their names at their ends; more, or names
// too long for that, get a legend.
class LineChart : public Chart {
    Q_OBJECT
public:
    LineChart(const QString& name, LineAxes axes, QWidget* parent = nullptr);

    void setSeries(std::vector<LineSeries> series);
    void setAxes(LineAxes axes);

    bool isEmpty() const override;
    ChartTable table() const override;

protected:
    void draw() override;
    void fit() override;
    void placeLabels() override;
    QString hoverText(const QPointF& position) const override;
    QString description() const override;

private:
    void drawBand(const LineSeries& series);
    void drawLine(const LineSeries& series);
    void drawMarkers(const LineSeries& series);
    bool labelledAtEnds() const;
    void reserveMargins();
    LineAxes axes_;
    std::vector<LineSeries> series_;
    std::vector<EndLabel> labels_;
    std::vector<QCPItemText*> labelItems_;
};

}  // namespace hone::ui
