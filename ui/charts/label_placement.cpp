// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/label_placement.h"

#include <algorithm>
#include <array>

namespace hone::ui {

namespace {

constexpr double gap = 4;

// Right first, then left, above, below and the corners: the order in which a label reads as
// belonging to its point.
std::array<QRectF, 8> placesAround(const QPointF& point, const QSizeF& size, double radius) {
    const double w = size.width(), h = size.height(), away = radius + gap;
    const double x = point.x(), y = point.y();
    const auto at = [&size](double left, double top) { return QRectF(QPointF(left, top), size); };
    return {at(x + away, y - h / 2),
            at(x - away - w, y - h / 2),
            at(x - w / 2, y - away - h),
            at(x - w / 2, y + away),
            at(x + radius, y - radius - h),
            at(x + radius, y + radius),
            at(x - radius - w, y - radius - h),
            at(x - radius - w, y + radius)};
}

}  // namespace

std::vector<std::optional<QPointF>> placeBesidePoints(const std::vector<QPointF>& points,
                                                      const std::vector<QSizeF>& sizes,
                                                      const QRectF& area, double pointRadius,
                                                      const std::vector<QRectF>& avoided) {
    std::vector<QRectF> taken;
    for (const QPointF& point : points)
        taken.emplace_back(point - QPointF(pointRadius, pointRadius),
                           QSizeF(pointRadius, pointRadius) * 2);
    const auto crosses = [](const std::vector<QRectF>& others, const QRectF& place) {
        return std::any_of(others.begin(), others.end(),
                           [&place](const QRectF& other) { return other.intersects(place); });
    };
    std::vector<std::optional<QPointF>> result;
    for (std::size_t i = 0; i < points.size(); ++i) {
        std::optional<QRectF> place;
        for (const bool off : {true, false}) {
            for (const QRectF& candidate : placesAround(points[i], sizes[i], pointRadius)) {
                if (place || !area.contains(candidate) || crosses(taken, candidate)) continue;
                if (!off || !crosses(avoided, candidate)) place = candidate;
            }
        }
        if (place) taken.push_back(*place);
        result.push_back(place ? std::optional(place->topLeft()) : std::nullopt);
    }
    return result;
}

}  // namespace hone::ui
