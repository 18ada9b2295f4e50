// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <Qt>

namespace hone::ui {

// Roles that the tables of figures paint (ui/tables).
enum FigureRole {
    SortRole = Qt::UserRole + 1,  // a number or text to sort by
    ToneRole,                     // int of Tone
    SuffixRole,                   // small and muted, after the text
    StrongRole,                   // bool
    MarkRole,                     // int of Mark: painted in place of the text
};

enum class Mark { none, radioOff, radioOn, checkOff, checkOn, starOff, starOn };

}  // namespace hone::ui
