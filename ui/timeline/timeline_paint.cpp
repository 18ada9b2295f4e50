// SPDX-License-Identifier: GPL-3.0-or-later
#include <QPainter>
#include <algorithm>
#include <cmath>
#include <utility>

#include "ui/charts/chart_color.h"
#include "ui/theme/theme.h"
#include "ui/timeline/memory_shape.h"
#include "ui/timeline/timeline_view.h"
#include "ui/timeline/trace_text.h"

namespace hone::ui {

namespace {

constexpr int gutter = 76, rightMargin = 16, axisHeight = 24, passHeight = 22, layerHeight = 18,
              gap = 3;
constexpr int leastTrack = 22, mostTrack = 150, usualTrack = 64, marksHeight = 4;
constexpr int legendLine = 18, swatch = 8, swatchOffset = 13, legendGap = 14, legendTop = 6;
constexpr int tickGap = 28, tickHeight = 4;
constexpr int memoryHeight = 34, mostDottedPoints = 400;
constexpr int faded = 80, veil = 40, leastOutline = 3;  // opacities of 255; pixels

QColor withOpacity(QColor color, int alpha) {
    color.setAlpha(alpha);
    return color;
}

}  // namespace

QRect TimelineView::lanes() const {
    const int top = axisHeight;
    return {gutter, top, std::max(1, width() - gutter - rightMargin),
            std::max(1, height() - legendHeight() - top)};
}

QRect TimelineView::passRect() const {
    return {lanes().left(), axisHeight, lanes().width(), passHeight};
}

QRect TimelineView::layerRect() const {
    return {lanes().left(), axisHeight + passHeight + gap, lanes().width(), layerHeight};
}

int TimelineView::trackHeight() const {
    const int tracks = data_ ? std::max(1, static_cast<int>(data_->tracks().size())) : 1;
    const int room = lanes().bottom() + 1 - (layerRect().bottom() + 1 + gap) - memoryRoom();
    return std::clamp(room / tracks - gap - marksHeight, leastTrack, mostTrack);
}

QRect TimelineView::trackRect(std::size_t track) const {
    const int each = trackHeight() + gap + marksHeight;
    const int top = layerRect().bottom() + 1 + gap + marksHeight + static_cast<int>(track) * each;
    return {lanes().left(), top, lanes().width(), trackHeight()};
}

int TimelineView::memoryRoom() const {
    return data_ && !data_->trace().memory.empty() ? memoryHeight + gap + marksHeight : 0;
}

int TimelineView::tracksBottom() const {
    return trackRect(data_->tracks().empty() ? 0 : data_->tracks().size() - 1).bottom() + 1;
}

QRect TimelineView::memoryRect() const {
    return {lanes().left(), tracksBottom() + gap + marksHeight, lanes().width(), memoryHeight};
}

QSize TimelineView::sizeHint() const {
    const int tracks = data_ ? std::max(1, static_cast<int>(data_->tracks().size())) : 1;
    const int fixed = axisHeight + passHeight + layerHeight + 2 * gap + legendHeight();
    return {640, fixed + memoryRoom() + tracks * (usualTrack + gap + marksHeight)};
}

QSize TimelineView::minimumSizeHint() const {
    const int tracks = data_ ? std::max(1, static_cast<int>(data_->tracks().size())) : 1;
    const int fixed = axisHeight + passHeight + layerHeight + 2 * gap + legendTop + legendLine;
    return {320, fixed + memoryRoom() + tracks * (leastTrack + gap + marksHeight)};
}

int TimelineView::mostHeight() const {
    const int tracks = data_ ? std::max(1, static_cast<int>(data_->tracks().size())) : 1;
    const int fixed = axisHeight + passHeight + layerHeight + 2 * gap + legendHeight();
    return fixed + memoryRoom() + tracks * (mostTrack + gap + marksHeight);
}

TimeScale TimelineView::scale() const {
    const QRect area = lanes();
    return {shown_.begin(), shown_.length() / area.width(), area.left(), area.width()};
}

double TimelineView::timeAt(double x) const {
    return scale().time(x);
}

double TimelineView::xAt(double time) const {
    return scale().x(time);
}

void TimelineView::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setFont(Theme::instance().font(TextStyle::caption));
    if (data_ != nullptr) {
        paintAxis(painter);
        paintLanes(painter);
        paintSelection(painter);
        paintEventOutline(painter);
        paintCaptions(painter);
        paintLegend(painter);
    }
    if (!keyboardFocus(this)) return;
    painter.setPen(QPen(Theme::instance().palette().accent, 2));
    painter.drawRect(rect().adjusted(1, 1, -1, -1));
}

void TimelineView::paintAxis(QPainter& painter) const {
    const Palette& p = Theme::instance().palette();
    const TimeScale s = scale();
    const QFontMetrics metrics(painter.font());
    const QRect taken = selectionPill();
    // As wide as the widest label that may come.
    const auto widest = timeTicks(shown_.begin(), shown_.end(), s.nsPerPixel * 60);
    const int width = widest.empty() ? 60 : metrics.horizontalAdvance(widest.back().label);
    for (const TimeTick& tick :
         timeTicks(shown_.begin(), shown_.end(), s.nsPerPixel * (width + tickGap))) {
        const int x = static_cast<int>(std::round(s.x(tick.time)));
        painter.setPen(p.strongBorder);
        painter.drawLine(x, axisHeight - tickHeight, x, axisHeight - 1);
        painter.setPen(p.mutedText);
        const int text = metrics.horizontalAdvance(tick.label);
        const int left = std::clamp(x - text / 2, gutter, gutter + s.width - text);
        if (left < taken.right() + 4 && left + text > taken.left() - 4) continue;
        painter.drawText(QRect(left, 0, text + 1, axisHeight - tickHeight),
                         Qt::AlignVCenter | Qt::AlignLeft, tick.label);
    }
}

void TimelineView::paintLanes(QPainter& painter) {
    const Palette& p = Theme::instance().palette();
    stats_ = {};
    const LaneStyle passes{
        {p.prefill, p.decode}, true, [this](std::size_t i) {
            const Span& span = data_->passes().spans()[i];
            const Pass& pass = data_->pass(i);
            const QString length = formatNanoseconds(static_cast<double>(span.end - span.begin));
            const QString number = QString::number(pass.number);
            return QStringList{QStringLiteral("%1 · %2").arg(passText(*data_, i), length),
                               QStringLiteral("%1 %2").arg(phaseText(pass.phase), number), number};
        }};
    stats_ += paintLane(painter, data_->passes(), scale(), passRect().top(), passHeight, passes);
    LaneStyle layers{{p.layer}, true, [this](std::size_t i) {
                         const int layer = data_->event(data_->layers().spans()[i].first).layer;
                         return QStringList{tr("layer %1").arg(layer), QString::number(layer)};
                     }};
    stats_ += paintLane(painter, data_->layers(), scale(), layerRect().top(), layerHeight, layers);
    for (std::size_t track = 0; track < data_->tracks().size(); ++track) paintTrack(painter, track);
    if (!data_->trace().memory.empty()) paintMemory(painter);
}

// A step a change, from the class that holds most down: what the program's own account says, and a
// line for what the profiler saw.
void TimelineView::paintMemory(QPainter& painter) const {
    const Palette& p = Theme::instance().palette();
    const QRect area = memoryRect();
    painter.fillRect(area, p.sunken);
    painter.save();
    painter.setClipRect(area);
    for (const MemoryShape& shape : memoryShapes(*data_, scale(), area)) {
        if (shape.line) {
            // Dots along thousands of steps cost a frame, and could not be told apart.
            const bool dotted = shape.outline.size() <= mostDottedPoints;
            painter.setPen(QPen(p.text, 1, dotted ? Qt::DotLine : Qt::SolidLine));
            painter.setBrush(Qt::NoBrush);
            painter.drawPolyline(shape.outline);
        } else {
            painter.setPen(Qt::NoPen);
            painter.setBrush(ChartColor::memory(shape.name).resolve());
            painter.drawPolygon(shape.outline);
        }
    }
    const QString most =
        tr("%1 at most").arg(formatBytes(static_cast<double>(data_->memory().mostTogether())));
    QRect note = painter.fontMetrics().boundingRect(most).adjusted(-6, -1, 6, 1);
    note.moveTopRight(area.topRight() + QPoint(-4, 4));
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(withOpacity(p.surface, 220));
    painter.drawRoundedRect(note, 4, 4);
    painter.setPen(p.text);
    painter.drawText(note, Qt::AlignCenter, most);
    painter.restore();
}

// While something is searched for, all else is faded, and a mark above shows where even narrow
// matches are.
void TimelineView::paintTrack(QPainter& painter, std::size_t track) {
    const Palette& p = Theme::instance().palette();
    const QRect area = trackRect(track);
    painter.fillRect(area, p.sunken);
    LaneStyle style{{std::begin(p.operations), std::end(p.operations)}};
    const auto paint = [&](const Lane& lane) {
        style.labels = [this, &lane](std::size_t i) {
            const profiler::TraceEvent& event = data_->event(lane.spans()[i].first);
            const QString name = QString::fromStdString(data_->name(event));
            return QStringList{QStringLiteral("%1 · %2").arg(
                                   name, formatNanoseconds(static_cast<double>(event.duration))),
                               name};
        };
        stats_ += paintLane(painter, lane, scale(), area.top(), area.height(), style);
    };
    if (!search_.active()) return paint(data_->tracks()[track]);
    const std::vector<QColor> colors = style.colors;
    for (QColor& color : style.colors) color = withOpacity(color, faded);
    stats_ += paintLane(painter, data_->tracks()[track], scale(), area.top(), area.height(), style);
    style.colors = colors;
    paint(search_.lane(track));
    paintMarks(painter, search_.lane(track), scale(), area.top() - marksHeight, marksHeight - 1,
               p.accent);
}

QString TimelineView::selectionText() const {
    return formatNanoseconds(static_cast<double>(selection_->length()));
}

// Where the axis says how long the selected range is; empty where none of it is shown.
QRect TimelineView::selectionPill() const {
    if (!selection_) return {};
    const QRect area = lanes();
    const double begin = std::max<double>(xAt(static_cast<double>(selection_->begin)), area.left());
    const double end =
        std::min<double>(xAt(static_cast<double>(selection_->end)), area.right() + 1);
    if (end < begin) return {};
    const QFontMetrics metrics(Theme::instance().font(TextStyle::caption));
    const int width = metrics.horizontalAdvance(selectionText()) + 12;
    const int left = static_cast<int>(std::round((begin + end - width) / 2));
    return {std::clamp(left, area.left(), area.right() + 1 - width), 2, width, axisHeight - 6};
}

void TimelineView::paintSelection(QPainter& painter) const {
    if (!selection_) return;
    const Palette& p = Theme::instance().palette();
    const QRect area = lanes();
    const double begin = xAt(static_cast<double>(selection_->begin)),
                 end = xAt(static_cast<double>(selection_->end));
    if (end < area.left() || begin > area.right() + 1) return;
    const int left = static_cast<int>(std::round(std::max<double>(begin, area.left())));
    const int right =
        std::max(left + 1, static_cast<int>(std::round(std::min<double>(end, area.right() + 1))));
    const int bottom = tracksBottom() + memoryRoom();
    const QRect veiled(left, axisHeight - 2, right - left, bottom - axisHeight + 2);
    painter.fillRect(veiled, withOpacity(p.accent, veil));
    painter.setPen(QPen(p.accent, 1));
    if (begin >= area.left()) painter.drawLine(left, veiled.top(), left, bottom);
    if (end <= area.right() + 1) painter.drawLine(right, veiled.top(), right, bottom);
    const QRect pill = selectionPill();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(p.accent);
    painter.drawRoundedRect(pill, 4, 4);
    painter.setRenderHint(QPainter::Antialiasing, false);
    painter.setPen(p.onAccent);
    painter.drawText(pill, Qt::AlignCenter, selectionText());
}

void TimelineView::paintEventOutline(QPainter& painter) const {
    if (!event_) return;
    const profiler::TraceEvent& event = data_->event(*event_);
    const QRect area = trackRect(data_->trackOf(*event_));
    const double begin = xAt(static_cast<double>(event.start));
    const double end = xAt(static_cast<double>(event.start + event.duration));
    if (end < area.left() || begin > area.right()) return;
    int left = static_cast<int>(std::round(std::max<double>(begin, area.left())));
    int right = static_cast<int>(std::round(std::min<double>(end, area.right() + 1)));
    if (right - left < leastOutline) {
        left -= 1;
        right = left + leastOutline;
    }
    const QRect box(left, area.top(), right - left, area.height());
    const Palette& p = Theme::instance().palette();
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(p.surface, 1));
    painter.drawRect(box.adjusted(-2, -2, 1, 1));
    painter.setPen(QPen(p.text, 1));
    painter.drawRect(box.adjusted(-1, -1, 0, 0));
    painter.drawRect(box.adjusted(-3, -3, 2, 2));
}

QString TimelineView::captionOf(std::size_t track) const {
    if (!data_->trackName(track).empty()) return QString::fromStdString(data_->trackName(track));
    return data_->tracks().size() == 1 ? tr("operation") : tr("thread %1").arg(track);
}

void TimelineView::paintCaptions(QPainter& painter) const {
    painter.setPen(Theme::instance().palette().mutedText);
    const auto caption = [&painter](const QRect& lane, const QString& text) {
        painter.drawText(QRect(0, lane.top(), gutter - 8, lane.height()),
                         Qt::AlignRight | Qt::AlignVCenter, text);
    };
    caption(passRect(), tr("phase"));
    caption(layerRect(), tr("layer"));
    for (std::size_t track = 0; track < data_->tracks().size(); ++track)
        caption(trackRect(track), captionOf(track));
    if (!data_->trace().memory.empty()) caption(memoryRect(), tr("memory"));
}

const TimelineView::Legend& TimelineView::legend(int width) const {
    if (width != legendWidth_) legend_ = makeLegend(width);
    legendWidth_ = width;
    return legend_;
}

TimelineView::Legend TimelineView::makeLegend(int width) const {
    Legend entries;
    const QFontMetrics metrics(Theme::instance().font(TextStyle::caption));
    QPoint at(0, 0);
    for (std::size_t i = 0; i < profiler::kOperationNames.size() && data_ != nullptr; ++i) {
        const auto operation = static_cast<profiler::Operation>(i);
        if (!data_->has(operation)) continue;
        const int need = swatchOffset + metrics.horizontalAdvance(operationText(operation)) + 1;
        if (at.x() > 0 && at.x() + need > width) at = QPoint(0, at.y() + legendLine);
        entries.emplace_back(QRect(at, QSize(need, legendLine)), operation);
        at.rx() += need + legendGap;
    }
    return entries;
}

int TimelineView::legendHeight() const {
    const Legend& entries = legend(std::max(1, width() - gutter - rightMargin));
    return legendTop + (entries.empty() ? legendLine : entries.back().first.bottom() + 1);
}

void TimelineView::paintLegend(QPainter& painter) const {
    const Palette& p = Theme::instance().palette();
    const int below = tracksBottom() + memoryRoom();
    const QPoint corner(gutter, below + legendTop);
    for (const auto& [place, operation] : legend(lanes().width())) {
        const QRect box = place.translated(corner);
        painter.fillRect(box.left(), box.center().y() - swatch / 2 + 1, swatch, swatch,
                         p.operations[static_cast<std::size_t>(operation)]);
        painter.setPen(p.mutedText);
        painter.drawText(box.adjusted(swatchOffset, 0, 0, 0), Qt::AlignVCenter | Qt::AlignLeft,
                         operationText(operation));
    }
}

}  // namespace hone::ui
