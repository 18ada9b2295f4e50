// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>
#include <initializer_list>

class QSpinBox;

namespace hone::ui {

// A caption and the controls that it names, on one line; the caption is the first control's buddy.
QWidget* captioned(const QString& caption, std::initializer_list<QWidget*> controls);

// A narrow box for a whole number which tells its value when it was entered, not at every key.
QSpinBox* numberBox(const QString& name, const QString& help, int low, int high);

}  // namespace hone::ui
