// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QPalette>

#include "ui/theme/theme.h"

namespace hone::ui {

const Palette& lightPalette();
const Palette& darkPalette();

// The same colours in Qt's roles, for the widgets that Fusion paints itself.
QPalette toQPalette(const Palette& palette);

}  // namespace hone::ui
