// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/timeline/lane_painter.h"

#include <QFontMetrics>
#include <algorithm>
#include <cmath>
#include <utility>

#include "ui/theme/palettes.h"

namespace hone::ui {

namespace {

constexpr int wide = 3, lined = 6, labelPadding = 4, darker = 105, lineDarker = 125;
constexpr int leastColumn = 3;  // pixels

class LaneDrawing {
public:
    LaneDrawing(QPainter& painter, const Lane& lane, const TimeScale& scale, int top, int height,
                const LaneStyle& style)
        : painter_(painter),
          metrics_(painter.font()),
          lane_(lane),
          scale_(scale),
          top_(top),
          height_(height),
          style_(style),
          brushes_(style.colors.begin(), style.colors.end()),
          before_(lane.kinds()),
          after_(lane.kinds()) {}

    PaintStats run() {
        const int right = scale_.left + scale_.width;
        lane_.takeVisited();
        std::size_t i = lane_.firstAfter(scale_.time(scale_.left));
        // Columns follow each other: what is true of one's end is true of the next one's beginning.
        bool known = false;  // before_ of this x
        for (int x = scale_.left; x < right && i < lane_.spans().size();) {
            const int next = drawWide(i, x, right);
            const bool wasWide = next > x;
            if (!wasWide && !known) lane_.busyUntil(scale_.time(x), i, before_);
            x = wasWide ? next : x + 1;
            i = lane_.firstAfter(scale_.time(x), i);
            known = !wasWide;
            if (wasWide) continue;
            lane_.busyUntil(scale_.time(x), i, after_);
            drawColumn(x - 1);
            std::swap(before_, after_);
        }
        stats_.visited = lane_.takeVisited();
        return stats_;
    }

private:
    int pixel(std::int64_t time) const {
        // Far outside, rounding to a pixel would overflow.
        return static_cast<int>(
            std::round(std::clamp(scale_.x(static_cast<double>(time)), -1e6, 1e6)));
    }
    int column(std::int64_t time) const {
        return static_cast<int>(
            std::floor(std::clamp(scale_.x(static_cast<double>(time)), -1e6, 1e6)));
    }

    // Draws the span where it begins no later than this column and is wide, or goes over idle time;
    // returns how far, else x.
    int drawWide(std::size_t i, int x, int right) {
        const Span& span = lane_.spans()[i];
        if (static_cast<double>(span.begin) >= scale_.time(x + 1))
            return std::max(x + 1, std::min(right, column(span.begin)));
        const int begin = pixel(span.begin), end = pixel(span.end);
        if (begin > x || end - begin < wide || end <= x) return x;
        const bool shaded = style_.alternating && i % 2 == 1;
        const QColor color =
            shaded ? style_.colors[span.kind].darker(darker) : style_.colors[span.kind];
        const QRect box(x, top_, std::min(end, right) - x, height_);
        painter_.fillRect(box, color);
        // A line of its own hue tells it from the next one: a gap would look idle.
        if (box.width() >= lined && end <= right)
            painter_.fillRect(box.right(), top_, 1, height_, color.darker(lineDarker));
        ++stats_.rectangles;
        if (style_.labels) drawLabel(i, box, color);
        return end;
    }

    void drawLabel(std::size_t i, const QRect& box, const QColor& ground) {
        const int room = box.width() - 2 * labelPadding;
        if (room < metrics_.averageCharWidth()) return;
        for (const QString& text : style_.labels(i)) {
            if (metrics_.horizontalAdvance(text) > room) continue;
            painter_.setPen(inkOn(ground));
            painter_.drawText(box.adjusted(labelPadding, 0, -labelPadding, 0), Qt::AlignCenter,
                              text);
            ++stats_.labels;
            return;
        }
    }

    // Shares of the column's time by kind, stacked from the bottom; what is left at the top was
    // idle.
    void drawColumn(int x) {
        ++stats_.columns;
        double filled = 0, most = 0;
        std::size_t busiest = 0;
        for (std::size_t kind = 0; kind < before_.size(); ++kind) {
            const double share = (after_[kind] - before_[kind]) / scale_.nsPerPixel;
            if (share <= 0) continue;
            if (share > most) busiest = kind;
            most = std::max(most, share);
            const int from = static_cast<int>(std::round(height_ * (1 - std::min(1.0, filled))));
            filled += share;
            const int to = static_cast<int>(std::round(height_ * (1 - std::min(1.0, filled))));
            if (from > to) painter_.fillRect(x, top_ + to, 1, from - to, brushes_[kind]);
        }
        // What takes a thousandth of the time is there none the less.
        if (most > 0 && filled * height_ < leastColumn)
            painter_.fillRect(x, top_ + height_ - leastColumn, 1, leastColumn,
                              style_.colors[busiest]);
    }

    QPainter& painter_;
    const QFontMetrics metrics_;
    const Lane& lane_;
    const TimeScale& scale_;
    const int top_, height_;
    const LaneStyle& style_;
    const std::vector<QBrush> brushes_;  // by kind
    std::vector<double> before_, after_;
    PaintStats stats_;
};

}  // namespace

PaintStats& PaintStats::operator+=(const PaintStats& more) {
    visited += more.visited;
    rectangles += more.rectangles;
    columns += more.columns;
    labels += more.labels;
    return *this;
}

PaintStats paintLane(QPainter& painter, const Lane& lane, const TimeScale& scale, int top,
                     int height, const LaneStyle& style) {
    return LaneDrawing(painter, lane, scale, top, height, style).run();
}

void paintMarks(QPainter& painter, const Lane& lane, const TimeScale& scale, int top, int height,
                const QColor& color) {
    const int right = scale.left + scale.width;
    for (int x = scale.left; x < right;) {
        const std::size_t i = lane.firstAfter(scale.time(x));
        if (i == lane.spans().size()) return;
        const auto begin = static_cast<double>(lane.spans()[i].begin);
        const auto end = static_cast<double>(lane.spans()[i].end);
        const double first =
            std::clamp(scale.x(begin), static_cast<double>(x), static_cast<double>(right));
        const int from = static_cast<int>(std::floor(first));
        if (from >= right) return;
        const double last = std::min(scale.x(end), static_cast<double>(right));
        const int to = std::clamp(static_cast<int>(std::floor(last)) + 1, from + 1, right);
        painter.fillRect(from, top, to - from, height, color);
        x = to;
    }
}

QColor inkOn(const QColor& ground) {
    const double light = 0.299 * ground.redF() + 0.587 * ground.greenF() + 0.114 * ground.blueF();
    return light > 0.55 ? lightPalette().text : lightPalette().surface;
}

}  // namespace hone::ui
