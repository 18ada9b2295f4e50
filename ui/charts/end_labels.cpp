// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/end_labels.h"

#include <qcustomplot.h>

#include <QFontMetrics>
#include <algorithm>
#include <numeric>

#include "ui/theme/theme.h"

namespace hone::ui {

namespace {

constexpr int labelGap = 6;

}  // namespace

std::vector<QCPItemText*> addEndLabels(QCustomPlot& plot, const std::vector<EndLabel>& labels) {
    std::vector<QCPItemText*> items;
    for (const EndLabel& label : labels) {
        auto* item = new QCPItemText(&plot);
        item->setClipToAxisRect(false);
        item->setLayer(QStringLiteral("overlay"));
        item->setText(label.text);
        item->setFont(Theme::instance().font(TextStyle::caption));
        item->setColor(label.color);
        item->setPadding(QMargins());
        item->setPositionAlignment(Qt::AlignLeft | Qt::AlignVCenter);
        item->position->setType(QCPItemPosition::ptAbsolute);
        items.push_back(item);
    }
    return items;
}

void placeEndLabels(QCustomPlot& plot, const std::vector<QCPItemText*>& items,
                    const std::vector<EndLabel>& labels) {
    const QRect area = plot.axisRect()->rect();
    std::vector<double> heights;
    for (const EndLabel& label : labels)
        heights.push_back(std::clamp(plot.yAxis->coordToPixel(label.value), double(area.top()),
                                     double(area.bottom())));
    const double gap = QFontMetrics(Theme::instance().font(TextStyle::caption)).height();
    heights = spreadApart(std::move(heights), gap, area.top(), area.bottom());
    for (std::size_t i = 0; i < items.size(); ++i)
        items[i]->position->setCoords(area.right() + labelGap, heights[i]);
}

int endLabelWidth(const std::vector<EndLabel>& labels) {
    const QFontMetrics metrics(Theme::instance().font(TextStyle::caption));
    int width = 0;
    for (const EndLabel& label : labels)
        width = std::max(width, metrics.horizontalAdvance(label.text));
    return width == 0 ? 0 : width + labelGap + 2;
}

std::vector<double> spreadApart(std::vector<double> positions, double gap, double low,
                                double high) {
    std::vector<std::size_t> order(positions.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&positions](std::size_t a, std::size_t b) {
        return positions[a] < positions[b];
    });
    for (std::size_t i = 1; i < order.size(); ++i)
        positions[order[i]] = std::max(positions[order[i]], positions[order[i - 1]] + gap);
    if (!order.empty() && positions[order.back()] > high) {
        // Pushed beyond the end: push back from there.
        positions[order.back()] = high;
        for (std::size_t i = order.size() - 1; i-- > 0;)
            positions[order[i]] = std::min(positions[order[i]], positions[order[i + 1]] - gap);
    }
    if (!order.empty() && positions[order.front()] < low) {
        const double shift = low - positions[order.front()];
        for (double& position : positions) position += shift;
    }
    return positions;
}

}  // namespace hone::ui
