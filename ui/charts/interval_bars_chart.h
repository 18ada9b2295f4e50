// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <vector>

#include "ui/charts/chart.h"
#include "ui/charts/chart_color.h"

class QCPItemText;

namespace hone::ui {

struct IntervalBar {
    QString name;
    double value = 0, low = 0, high = 0;
    ChartColor color = ChartColor::baseline();
};

// Horizontal bars from zero, each with its value and the whisker of its interval.
class IntervalBarsChart : public Chart {
    Q_OBJECT
public:
    using Format = std::function<QString(double)>;
    explicit IntervalBarsChart(const QString& name, QWidget* parent = nullptr);

    void setData(const QString& axis, Format format, std::vector<IntervalBar> bars);

    bool isEmpty() const override { return bars_.empty(); }
    ChartTable table() const override;

protected:
    void draw() override;
    void fit() override;
    QString hoverText(const QPointF& position) const override;
    QString description() const override;

private:
    QString axis_;
    Format format_;
    std::vector<IntervalBar> bars_;
};

}  // namespace hone::ui
