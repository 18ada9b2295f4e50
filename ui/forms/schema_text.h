// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <string_view>

namespace hone::ui {

QString text(std::string_view utf8);
// A tooltip that breaks its lines: Qt keeps plain text on one.
QString wrappedTip(const QString& text);

}  // namespace hone::ui
