// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/theme/undo_guard.h"

#include <QAbstractSpinBox>
#include <QApplication>
#include <QKeyEvent>
#include <QLineEdit>

namespace hone::ui {

UndoGuard::UndoGuard(QObject* parent) : QObject(parent) {
    qApp->installEventFilter(this);
}

bool UndoGuard::eventFilter(QObject* watched, QEvent* event) {
    if (event->type() != QEvent::ShortcutOverride) return false;
    const auto* box = qobject_cast<QAbstractSpinBox*>(watched);
    const auto* text = box == nullptr ? nullptr : box->findChild<QLineEdit*>();
    if (text == nullptr) return false;
    const auto* key = static_cast<QKeyEvent*>(event);
    const bool undo = key->matches(QKeySequence::Undo), redo = key->matches(QKeySequence::Redo);
    if ((!undo && !redo) || (undo && text->isUndoAvailable()) || (redo && text->isRedoAvailable()))
        return false;
    event->ignore();
    return true;
}

}  // namespace hone::ui
