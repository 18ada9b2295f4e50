// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/window_place.h"

#include <algorithm>

namespace hone::ui {

namespace {

constexpr QSize liked(1280, 800);
// Room for a frame before it is known: a title bar and a border.
constexpr int titleBar = 40, border = 8;

}  // namespace

FirstPlace firstPlace(const QRect& available) {
    const QSize room(available.width() - 2 * border, available.height() - titleBar - border);
    const QSize size = liked.boundedTo(room);
    const QPoint corner(available.x() + (available.width() - size.width()) / 2,
                        available.y() + titleBar + (room.height() - size.height()) / 2);
    return {QRect(corner, size), size != liked};
}

QRect fittedInto(const QRect& window, const QRect& available) {
    const QSize size = window.size().boundedTo(available.size());
    return {
        std::clamp(window.x(), available.x(), available.x() + available.width() - size.width()),
        std::clamp(window.y(), available.y(), available.y() + available.height() - size.height()),
        size.width(), size.height()};
}

}  // namespace hone::ui
