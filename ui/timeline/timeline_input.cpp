// SPDX-License-Identifier: GPL-3.0-or-later
#include <QApplication>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QToolTip>
#include <QWheelEvent>
#include <algorithm>
#include <cmath>

#include "ui/timeline/timeline_view.h"

namespace hone::ui {

namespace {

constexpr int edgeReach = 4;  // pixels about an edge of the selection that take hold of it
constexpr double wheelZoom = 1.0016, notch = 120;  // a notch of the wheel: a fifth
constexpr double panShare = 0.1;                   // of what is shown, a notch

}  // namespace

void TimelineView::keyPressEvent(QKeyEvent* event) {
    if (data_ == nullptr) return QWidget::keyPressEvent(event);
    const Qt::KeyboardModifiers held =
        event->modifiers() & ~(Qt::KeypadModifier | Qt::ShiftModifier);
    if (event->key() == Qt::Key_Space) {
        spaceHeld_ = true;
        if (drag_ == Drag::none) setCursor(Qt::OpenHandCursor);
        return;
    }
    if (event->key() == Qt::Key_Escape && clearOne()) return;
    if (moveSelection(*event)) return;
    if (held == Qt::NoModifier && navigate(event->key())) return;
    QWidget::keyPressEvent(event);
}

void TimelineView::keyReleaseEvent(QKeyEvent* event) {
    if (event->key() != Qt::Key_Space) return QWidget::keyReleaseEvent(event);
    if (event->isAutoRepeat()) return;
    spaceHeld_ = false;
    if (drag_ != Drag::pan) unsetCursor();
}

void TimelineView::wheelEvent(QWheelEvent* event) {
    if (data_ == nullptr) return;
    event->accept();
    QPoint turned = event->angleDelta();
    // Some platforms turn the wheel sideways themselves while Shift is held.
    if (event->modifiers().testFlag(Qt::ShiftModifier) && turned.x() == 0)
        turned = turned.transposed();
    if (std::abs(turned.x()) > std::abs(turned.y())) {
        shown_.pan(-turned.x() / notch * panShare * shown_.length());
    } else {
        const QRect area = lanes();
        const double x = std::clamp<double>(event->position().x(), area.left(), area.right() + 1);
        shown_.zoom(timeAt(x), std::pow(wheelZoom, -turned.y()));
    }
    changed();
    QToolTip::hideText();
}

bool TimelineView::nearSelectionEdge(double x, double* otherEdge) const {
    if (!selection_) return false;
    const auto begin = static_cast<double>(selection_->begin),
               end = static_cast<double>(selection_->end);
    const bool atBegin = std::abs(x - xAt(begin)) <= edgeReach,
               atEnd = std::abs(x - xAt(end)) <= edgeReach;
    if (!atBegin && !atEnd) return false;
    if (otherEdge != nullptr) *otherEdge = atEnd ? begin : end;
    return true;
}

void TimelineView::mousePressEvent(QMouseEvent* event) {
    if (data_ == nullptr || drag_ != Drag::none) return;
    pressed_ = event->pos();
    QToolTip::hideText();
    const bool left = event->button() == Qt::LeftButton;
    if (event->button() == Qt::MiddleButton || (left && spaceHeld_)) {
        drag_ = Drag::pan;
        dragAnchor_ = timeAt(event->position().x());
        setCursor(Qt::ClosedHandCursor);
    } else if (left) {
        drag_ = Drag::maybe;
        dragAnchor_ = timeAt(event->position().x());
        nearSelectionEdge(event->position().x(), &dragAnchor_);
    }
}

void TimelineView::dragTo(double x) {
    const double time = timeAt(std::clamp<double>(x, lanes().left(), lanes().right() + 1));
    setSelection(TimeRange{static_cast<std::int64_t>(std::round(std::min(time, dragAnchor_))),
                           static_cast<std::int64_t>(std::round(std::max(time, dragAnchor_)))});
}

void TimelineView::mouseMoveEvent(QMouseEvent* event) {
    if (data_ == nullptr) return;
    const double x = event->position().x();
    if (drag_ == Drag::maybe &&
        std::abs(event->pos().x() - pressed_.x()) >= QApplication::startDragDistance())
        drag_ = Drag::select;
    if (drag_ == Drag::select) {
        dragTo(x);
    } else if (drag_ == Drag::pan) {
        shown_.pan(dragAnchor_ - timeAt(x));
        changed();
    } else if (drag_ == Drag::none) {
        hover(event->pos());
    }
}

void TimelineView::hover(const QPoint& position) {
    const bool edge = lanes().contains(position) && nearSelectionEdge(position.x(), nullptr);
    if (!spaceHeld_) edge ? setCursor(Qt::SizeHorCursor) : unsetCursor();
    const QString tip = hit(position).tip;
    if (tip != tip_) QToolTip::showText(mapToGlobal(position), tip, this);
    tip_ = tip;
}

void TimelineView::leaveEvent(QEvent*) {
    tip_.clear();
}

void TimelineView::mouseReleaseEvent(QMouseEvent* event) {
    if (event->button() != Qt::LeftButton && event->button() != Qt::MiddleButton) return;
    const Drag ended = std::exchange(drag_, Drag::none);
    spaceHeld_ ? setCursor(Qt::OpenHandCursor) : unsetCursor();
    if (ended != Drag::maybe) return;
    const Hit hit = this->hit(event->pos());
    selectEvent(hit.event);
    if (hit.band || !hit.event) setSelection(hit.band);
}

void TimelineView::mouseDoubleClickEvent(QMouseEvent* event) {
    if (data_ == nullptr || event->button() != Qt::LeftButton) return;
    zoomTo(event->pos());
}

void TimelineView::zoomTo(const QPoint& position) {
    const Hit hit = this->hit(position);
    if (hit.event) {
        selectEvent(hit.event);
        const profiler::TraceEvent& found = data_->event(*hit.event);
        frame({found.start, found.start + found.duration});
    } else if (hit.band) {
        setSelection(hit.band);
        frame(*hit.band);
    }
}

}  // namespace hone::ui
