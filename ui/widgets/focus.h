// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QLineEdit;

namespace hone::ui {

// The first control within `within`, in the order of Tab, that can have the focus and that the
// wheel does not change; null where there is none.
QWidget* firstControl(QWidget* within);

// Before `from` is disabled or hidden: where it has the focus, `to` gets it, else Qt would give it
// to whatever comes next.
void handFocus(QWidget* from, QWidget* to);

// A field that is searched or filtered by: Esc empties it, once, before Esc means anything else.
void clearWithEscape(QLineEdit* field);

// What Esc does in an editor: an unfinished number is taken back and the focus goes to what the
// editor lies in. False where the widget is no editor.
bool leaveEditor(QWidget* focused);

// Scrolls the nearest scroll area so that the widget's top is in sight, once it is laid out.
void scrollTo(QWidget* widget);

}  // namespace hone::ui
