// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QColor>
#include <QPainter>
#include <QStringList>
#include <functional>
#include <vector>

#include "ui/timeline/lane.h"
#include "ui/timeline/time_window.h"

namespace hone::ui {

// Times as pixels: the shown part of the trace over [left, left + width).
struct TimeScale {
    double begin = 0, nsPerPixel = 1;
    int left = 0, width = 0;

    double time(double x) const { return begin + (x - left) * nsPerPixel; }
    double x(double time) const { return left + (time - begin) / nsPerPixel; }
};

struct LaneStyle {
    std::vector<QColor> colors;  // by kind
    bool alternating =
        false;  // every other span a little darker: neighbours of one kind stay apart
    // What a span may be labelled with, longest first: the first that fits is written.
    std::function<QStringList(std::size_t span)> labels = {};
};

// What a paint cost and showed.
struct PaintStats {
    std::size_t visited = 0;     // spans looked at
    std::size_t rectangles = 0;  // spans wide enough to be drawn one by one
    std::size_t columns =
        0;  // pixel columns of narrower ones: stacked shares of the column's time by kind
    std::size_t labels = 0;

    PaintStats& operator+=(const PaintStats& more);
};

// Draws the lane between `top` and `top + height`. The work is bounded by the width in pixels,
// however many spans there are.
PaintStats paintLane(QPainter& painter, const Lane& lane, const TimeScale& scale, int top,
                     int height, const LaneStyle& style);

// Marks the pixel columns in which a span of `lane` begins or goes on.
void paintMarks(QPainter& painter, const Lane& lane, const TimeScale& scale, int top, int height,
                const QColor& color);

// Dark or white, whichever reads better on `ground`.
QColor inkOn(const QColor& ground);

}  // namespace hone::ui
