// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/theme/wheel_guard.h"

#include <QAbstractSpinBox>
#include <QApplication>
#include <QCalendarWidget>
#include <QComboBox>
#include <QScrollBar>
#include <QTabBar>

namespace hone::ui {

namespace {

bool holdsFocus(const QWidget* widget) {
    const QWidget* focused = QApplication::focusWidget();
    return focused != nullptr && (focused == widget || widget->isAncestorOf(focused));
}

}  // namespace

WheelGuard::WheelGuard(QObject* parent) : QObject(parent) {
    qApp->installEventFilter(this);
}

bool WheelGuard::changesByWheel(const QWidget* widget) {
    // A scroll bar is a slider by its class only: it is what the wheel is for.
    if (qobject_cast<const QScrollBar*>(widget) != nullptr) return false;
    return qobject_cast<const QComboBox*>(widget) != nullptr ||
           qobject_cast<const QAbstractSpinBox*>(widget) != nullptr ||
           qobject_cast<const QAbstractSlider*>(widget) != nullptr ||
           qobject_cast<const QTabBar*>(widget) != nullptr ||
           qobject_cast<const QCalendarWidget*>(widget) != nullptr;
}

bool WheelGuard::eventFilter(QObject* watched, QEvent* event) {
    if (event->type() != QEvent::Wheel && event->type() != QEvent::Polish &&
        event->type() != QEvent::Show)
        return false;
    auto* widget = qobject_cast<QWidget*>(watched);
    if (widget == nullptr) return false;
    if (event->type() != QEvent::Wheel) {
        // Qt gives boxes and editors a policy by which a wheel over them takes the focus, before
        // any event says so.
        if (widget->focusPolicy() == Qt::WheelFocus) widget->setFocusPolicy(Qt::StrongFocus);
        return false;
    }
    if (!changesByWheel(widget) || holdsFocus(widget)) return false;
    event->ignore();  // on to the parent, and so to the page's scroll area
    return true;
}

}  // namespace hone::ui
