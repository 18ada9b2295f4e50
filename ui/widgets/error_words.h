// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include "engine/core/error.h"

namespace hone::ui {

// An error in the order in which it is read: what happened, what to do about it, and the engine's
// own words, which are long and are shown small, or in the log. Any but the first may be empty.
struct ErrorWords {
    QString summary, action, detail;
    QString sentences() const;  // summary and action, for places of one line
};
ErrorWords errorWords(const ErrorDetails& error);

// For a tooltip: the sentences, and below them the engine's words in the fixed face.
QString errorTip(const ErrorDetails& error);

}  // namespace hone::ui
