// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include "profiler/store/store.h"

namespace hone::ui {

// What "Show trace" would show of this run, or why it cannot.
QString traceTip(const profiler::RunRecord& run);

}  // namespace hone::ui
