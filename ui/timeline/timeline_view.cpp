// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/timeline/timeline_view.h"

#include <QKeyEvent>
#include <algorithm>
#include <cmath>

#include "ui/theme/plain_text.h"
#include "ui/theme/theme.h"
#include "ui/timeline/memory_shape.h"
#include "ui/timeline/trace_text.h"

namespace hone::ui {

namespace {

constexpr double zoomStep = 1.5;
constexpr int visibleWidth = 3, revealedWidth = 40;  // pixels

}  // namespace

TimelineView::TimelineView(QWidget* parent) : QWidget(parent) {
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
    setAccessibleName(tr("Timeline of the trace"));
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void TimelineView::setData(std::shared_ptr<const TraceData> made) {
    data_ = std::move(made);
    legendWidth_ = -1;
    search_ = {};
    event_.reset();
    anchor_.reset();
    selection_.reset();
    drag_ = Drag::none;
    shown_ = TimeWindow(data_ ? static_cast<double>(data_->end()) : 1);
    changed();
    emit selectionChanged();
    emit eventChanged();
    setMaximumHeight(mostHeight());
    updateGeometry();
}

void TimelineView::resizeEvent(QResizeEvent*) {
    setMaximumHeight(mostHeight());  // the legend's lines depend on the width
}

void TimelineView::setSearch(const TraceSearch& search) {
    search_ = search;
    update();
}

void TimelineView::setShown(double begin, double end) {
    shown_.set(begin, end);
    changed();
}

void TimelineView::zoomBy(double factor) {
    shown_.zoom((shown_.begin() + shown_.end()) / 2, factor);
    changed();
}

void TimelineView::fitAll() {
    shown_.fitAll();
    changed();
}

void TimelineView::frame(TimeRange range) {
    shown_.frame(static_cast<double>(range.begin), static_cast<double>(range.end));
    changed();
}

void TimelineView::reveal(std::size_t index) {
    const profiler::TraceEvent& event = data_->event(index);
    const auto begin = static_cast<double>(event.start),
               length = static_cast<double>(event.duration);
    const int width = std::max(1, lanes().width());
    double shownLength = shown_.length();
    if (length / shownLength * width < visibleWidth)
        shownLength = std::max(length, 1.0) * width / revealedWidth;
    const bool inside = begin >= shown_.begin() && begin + length <= shown_.end();
    if (inside && shownLength == shown_.length()) return;
    const double middle = begin + length / 2;
    setShown(middle - shownLength / 2, middle + shownLength / 2);
}

void TimelineView::setSelection(std::optional<TimeRange> range) {
    if (range && data_) {
        range->begin = std::clamp<std::int64_t>(range->begin, 0, data_->end());
        range->end = std::clamp<std::int64_t>(range->end, range->begin, data_->end());
    }
    if (range == selection_) return;
    selection_ = range;
    describe();
    update();
    emit selectionChanged();
}

void TimelineView::selectEvent(std::optional<std::size_t> event) {
    anchor_.reset();
    if (event == event_) return;
    event_ = event;
    describe();
    update();
    emit eventChanged();
}

void TimelineView::changed() {
    describe();
    update();
    emit shownChanged();
}

// What the picture says, for those who do not see it.
void TimelineView::describe() {
    if (data_ == nullptr) return setAccessibleDescription({});
    const TimeRange range = selection_.value_or(data_->all());
    QString text = tr("%1 to %2 is shown. %3: %4")
                       .arg(formatNanoseconds(shown_.begin()), formatNanoseconds(shown_.end()),
                            selection_ ? tr("Selected") : tr("All"),
                            formatNanoseconds(static_cast<double>(range.length())));
    if (event_)
        text += QStringLiteral(". ") + eventLines(*data_, *event_).join(QStringLiteral(", "));
    setAccessibleDescription(text);
}

std::optional<std::size_t> TimelineView::eventAt(const QPoint& position) const {
    if (data_ == nullptr) return std::nullopt;
    for (std::size_t track = 0; track < data_->tracks().size(); ++track) {
        if (!trackRect(track).contains(position)) continue;
        const Lane& lane = data_->tracks()[track];
        // The middle of the pixel, else whatever is within a pixel of it.
        for (const double aside : {0.5, -0.5, 1.5})
            if (const auto span = lane.at(timeAt(position.x() + aside)))
                return lane.spans()[*span].first;
    }
    return std::nullopt;
}

TimelineView::Hit TimelineView::hitBand(const Lane& lane, double time, bool layer) const {
    const auto span = lane.at(time);
    if (!span) return {};
    const TimeRange range{lane.spans()[*span].begin, lane.spans()[*span].end};
    const QString name = layer ? tr("layer %1").arg(data_->event(lane.spans()[*span].first).layer)
                               : passText(*data_, *span);
    const QString length = formatNanoseconds(static_cast<double>(range.length()));
    return {{}, range, QStringLiteral("%1 · %2").arg(name, length)};
}

TimelineView::Hit TimelineView::hit(const QPoint& position) const {
    if (data_ == nullptr || !lanes().contains(position)) return {};
    const double time = timeAt(position.x() + 0.5);
    if (passRect().contains(position)) return hitBand(data_->passes(), time, false);
    if (layerRect().contains(position)) return hitBand(data_->layers(), time, true);
    Hit result;
    if (!data_->trace().memory.empty() && memoryRect().contains(position)) {
        result.tip = plainTip(memoryLines(*data_, time).join(QLatin1Char('\n')));
        return result;
    }
    result.event = eventAt(position);
    if (result.event) result.tip = eventTip(*data_, *result.event);
    return result;
}

// The next operation, or with `extend` the range from the first one to it.
void TimelineView::step(bool forward, bool extend) {
    if (data_ == nullptr || data_->empty()) return;
    std::optional<std::size_t> next;
    if (event_) {
        next = data_->neighbour(*event_, forward);
    } else {
        const Lane& lane = data_->tracks().front();
        const std::size_t at = lane.firstAfter((shown_.begin() + shown_.end()) / 2);
        next = lane.spans()[std::min(at, lane.spans().size() - 1)].first;
    }
    if (!next) return;
    const auto rangeOf = [this](std::size_t index) {
        const profiler::TraceEvent& event = data_->event(index);
        return TimeRange{event.start, event.start + event.duration};
    };
    std::optional<TimeRange> anchor = anchor_;
    if (extend && !anchor) anchor = rangeOf(event_.value_or(*next));
    selectEvent(next);
    if (extend) {
        anchor_ = anchor;
        const TimeRange now = rangeOf(*next);
        setSelection(TimeRange{std::min(anchor->begin, now.begin), std::max(anchor->end, now.end)});
    }
    reveal(*next);
}

void TimelineView::widen() {
    if (data_ == nullptr) return;
    if (!event_) return step(true, false);
    if (const auto wider = data_->enclosing(*event_, selection_)) setSelection(*wider);
}

// Esc: the selected operation first, then the range. False where there is nothing to take back.
bool TimelineView::clearOne() {
    if (event_)
        selectEvent({});
    else if (selection_)
        setSelection({});
    else
        return false;
    return true;
}

bool TimelineView::navigate(int key) {
    switch (key) {
        case Qt::Key_Plus:
        case Qt::Key_Equal:
        case Qt::Key_W:
            zoomBy(1 / zoomStep);
            return true;
        case Qt::Key_Minus:
        case Qt::Key_S:
            zoomBy(zoomStep);
            return true;
        case Qt::Key_Left:
        case Qt::Key_A:
            shown_.pan(-shown_.length() / 8);
            changed();
            return true;
        case Qt::Key_Right:
        case Qt::Key_D:
            shown_.pan(shown_.length() / 8);
            changed();
            return true;
        case Qt::Key_Home:
        case Qt::Key_0:
        case Qt::Key_F:
            fitAll();
            return true;
        default:
            return false;
    }
}

bool TimelineView::moveSelection(const QKeyEvent& event) {
    const bool sideways = event.key() == Qt::Key_Left || event.key() == Qt::Key_Right;
    if (sideways && event.modifiers().testFlag(Qt::ControlModifier)) {
        step(event.key() == Qt::Key_Right, event.modifiers().testFlag(Qt::ShiftModifier));
        return true;
    }
    if (event.key() == Qt::Key_Up) {
        widen();
        return true;
    }
    if (event.key() == Qt::Key_Return || event.key() == Qt::Key_Enter) {
        if (selection_)
            frame(*selection_);
        else if (event_)
            frame({data_->event(*event_).start,
                   data_->event(*event_).start + data_->event(*event_).duration});
        return true;
    }
    return false;
}

}  // namespace hone::ui
