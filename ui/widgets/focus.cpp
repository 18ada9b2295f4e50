// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/focus.h"

#include <QDoubleSpinBox>
#include <QKeyEvent>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QScrollArea>
#include <QScrollBar>
#include <QSpinBox>
#include <QTextEdit>
#include <QTimer>

#include "ui/theme/wheel_guard.h"

namespace hone::ui {

namespace {

class EscapeClears : public QObject {
public:
    explicit EscapeClears(QLineEdit* field) : QObject(field), field_(field) {
        field->installEventFilter(this);
    }

protected:
    bool eventFilter(QObject*, QEvent* event) override {
        if (event->type() != QEvent::KeyPress ||
            static_cast<QKeyEvent*>(event)->key() != Qt::Key_Escape || field_->text().isEmpty())
            return false;
        field_->clear();
        return true;
    }

private:
    QLineEdit* field_;
};

bool canBeFirst(const QWidget* widget, const QWidget* within) {
    return within->isAncestorOf(widget) && (widget->focusPolicy() & Qt::TabFocus) == Qt::TabFocus &&
           widget->focusProxy() == nullptr && widget->isEnabled() && widget->isVisibleTo(within) &&
           !WheelGuard::changesByWheel(widget);
}

}  // namespace

QWidget* firstControl(QWidget* within) {
    for (QWidget* widget = within->nextInFocusChain(); widget != nullptr && widget != within;
         widget = widget->nextInFocusChain())
        if (canBeFirst(widget, within)) return widget;
    return nullptr;
}

void handFocus(QWidget* from, QWidget* to) {
    if (from->hasFocus() && to->isEnabled()) to->setFocus(Qt::OtherFocusReason);
}

void clearWithEscape(QLineEdit* field) {
    new EscapeClears(field);
}

bool leaveEditor(QWidget* focused) {
    QWidget* around = focused == nullptr ? nullptr : focused->parentWidget();
    while (around != nullptr && around->focusProxy() != nullptr) around = around->parentWidget();
    if (around == nullptr) return false;
    const auto* text = qobject_cast<QTextEdit*>(focused);
    const auto* plain = qobject_cast<QPlainTextEdit*>(focused);
    if (qobject_cast<QLineEdit*>(focused) == nullptr &&
        qobject_cast<QAbstractSpinBox*>(focused) == nullptr &&
        (text == nullptr || text->isReadOnly()) && (plain == nullptr || plain->isReadOnly()))
        return false;
    // A number that was typed and not entered: written anew as it is, or leaving would enter it.
    if (auto* whole = qobject_cast<QSpinBox*>(focused)) whole->setValue(whole->value());
    if (auto* real = qobject_cast<QDoubleSpinBox*>(focused)) real->setValue(real->value());
    around->setFocus(Qt::OtherFocusReason);
    return true;
}

void scrollTo(QWidget* widget) {
    QTimer::singleShot(0, widget, [widget] {
        QWidget* at = widget->parentWidget();
        while (at != nullptr && qobject_cast<QScrollArea*>(at) == nullptr) at = at->parentWidget();
        auto* area = qobject_cast<QScrollArea*>(at);
        if (area == nullptr || area->widget() == nullptr) return;
        const QRect shown = area->viewport()->rect();
        const int top = widget->mapTo(area->viewport(), QPoint(0, 0)).y();
        if (top >= 0 && top + widget->height() <= shown.height()) return;
        area->verticalScrollBar()->setValue(area->verticalScrollBar()->value() + top);
    });
}

}  // namespace hone::ui
