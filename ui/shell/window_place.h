// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QRect>

namespace hone::ui {

// Where the window opens for the first time on a screen of which `available` is free: as large as
// it likes to be with its frame inside, else maximised, and then `normal` is what it is once it is
// not.
struct FirstPlace {
    QRect normal;  // without the frame
    bool maximised = false;
};
FirstPlace firstPlace(const QRect& available);

// A window with its frame moved, and made smaller where it must be, so that all of it lies inside.
QRect fittedInto(const QRect& window, const QRect& available);

}  // namespace hone::ui
