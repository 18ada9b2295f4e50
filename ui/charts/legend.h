// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QColor>
#include <QPoint>
#include <QString>
#include <vector>

class QCustomPlot;

namespace hone::ui {

struct LegendEntry {
    QString text;
    QColor color;
};

// Swatches with names below a plot, in as many lines as the width needs: for more series than
// direct labels can name.
class Legend {
public:
    void setEntries(std::vector<LegendEntry> entries) { entries_ = std::move(entries); }
    int height(int width) const;                    // pixels; 0 without entries
    void draw(QCustomPlot& plot, int width) const;  // at the plot's bottom edge

private:
    std::vector<QPoint> places(int width) const;  // top left of each entry, from the legend's own
    std::vector<LegendEntry> entries_;
};

}  // namespace hone::ui
