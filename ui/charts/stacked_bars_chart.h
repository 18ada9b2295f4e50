// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QStringList>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "ui/charts/chart.h"
#include "ui/charts/chart_color.h"

class QCPItemText;

namespace hone::ui {

struct StackedPart {
    QString title;
    ChartColor color = ChartColor::muted();
    std::vector<double> values;  // one a bar
};

// Horizontal bars of parts that add up, each with its total: peak memory by class, baseline above
// recipe.
class StackedBarsChart : public Chart {
    Q_OBJECT
public:
    using Format = std::function<QString(double)>;
    StackedBarsChart(const QString& name, const QString& unit, Format format,
                     QWidget* parent = nullptr);

    void setData(const QStringList& bars, std::vector<StackedPart> parts);

    bool isEmpty() const override;
    ChartTable table() const override;

protected:
    void draw() override;
    void fit() override;
    void placeLabels() override;
    QString hoverText(const QPointF& position) const override;
    QString description() const override;

private:
    double total(int bar) const;
    QString unit_;
    Format format_;
    QStringList bars_;
    std::vector<StackedPart> parts_;
    std::vector<QCPItemText*> totals_;
};

// Peak memory by class in its fixed order and hues; `memory` holds bytes by class, one map a bar.
std::vector<StackedPart> memoryParts(
    const std::vector<std::map<std::string, std::int64_t>>& memory);
QString memoryClassTitle(const QString& memoryClass);

}  // namespace hone::ui
