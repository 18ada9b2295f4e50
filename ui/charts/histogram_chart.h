// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "ui/charts/chart.h"

namespace hone::ui {

// Counts of values in equal bins of [low, high].
class HistogramChart : public Chart {
    Q_OBJECT
public:
    explicit HistogramChart(QWidget* parent = nullptr);
    explicit HistogramChart(const QString& name, QWidget* parent = nullptr);

    void setAxes(const QString& values, const QString& counts);
    // Not finite or not increasing bounds, or no counts: empty.
    void setData(double low, double high, const std::vector<double>& counts);
    void clear() { setData(0, 0, {}); }
    // Counts of very different size: a logarithmic axis keeps the tails visible.
    void setLogarithmic(bool logarithmic);

    bool isEmpty() const override { return counts_.empty(); }
    ChartTable table() const override;

protected:
    void draw() override;
    void fit() override;
    QString hoverText(const QPointF& position) const override;
    QString description() const override;

private:
    double edge(std::size_t bin) const;
    QString valueTitle_, countTitle_;
    double low_ = 0, high_ = 0;
    std::vector<double> counts_;
    bool logarithmic_ = false;
};

}  // namespace hone::ui
