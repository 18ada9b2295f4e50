// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QPainter>
#include <QRect>
#include <QStyleOption>

#include "ui/theme/theme.h"

namespace hone::ui::painting {

inline const Palette& colors() {
    return Theme::instance().palette();
}

// A surface with a 1 px border that lies on whole pixels.
void roundedBox(QPainter* painter, const QRect& rect, const QColor& fill, const QColor& border,
                qreal radius = spacing::radius);
// The ring around what has the keyboard: 2 px of accent inside `rect`.
void focusRing(QPainter* painter, const QRect& rect, qreal radius = spacing::radius);
void chevron(QPainter* painter, const QRect& rect, Qt::ArrowType direction, const QColor& color);
void checkMark(QPainter* painter, const QRect& rect, const QColor& color);

inline constexpr int toolPadding = 8, menuArrowWidth = 16;
// A tool button with a word that opens a menu shows an arrow right of it.
bool hasMenuArrow(const QStyleOption* option);

// A tool button that reads as a link: its word begins at its left edge, and a line under it shows
// the pointer and, thicker, the keyboard.
bool isLink(const QWidget* widget);
QString linkText(const QStyleOption* option);
void link(QPainter* painter, const QStyleOption* option);

// Border of an editable control in its state.
QColor controlBorder(const QStyleOption* option);
// Whether the focus came from the keyboard, so that a ring helps.
bool showsFocus(const QStyleOption* option);

}  // namespace hone::ui::painting
