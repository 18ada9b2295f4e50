// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QColor>
#include <QRectF>
#include <QString>
#include <vector>

class QCPItemText;
class QCustomPlot;

namespace hone::ui {

// Names at the ends of lines in place of a legend.
struct EndLabel {
    QString text;
    QColor color;
    double value = 0;  // on the y axis
};

std::vector<QCPItemText*> addEndLabels(QCustomPlot& plot, const std::vector<EndLabel>& labels);
// Right of the plot at their values, moved apart where they would overlap.
void placeEndLabels(QCustomPlot& plot, const std::vector<QCPItemText*>& items,
                    const std::vector<EndLabel>& labels);
int endLabelWidth(const std::vector<EndLabel>& labels);

// Moves positions apart until neighbours are `gap` apart, inside [low, high] where they fit. Keeps
// their order.
std::vector<double> spreadApart(std::vector<double> positions, double gap, double low, double high);

}  // namespace hone::ui
