// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include "profiler/store/store.h"

namespace hone::ui {

// Whether a list would show the two alike.
bool sameRun(const profiler::RunRecord& a, const profiler::RunRecord& b);

// "47 int4 group 32": how a run is called in headers, labels and messages.
QString runName(const profiler::RunRecord& run);

}  // namespace hone::ui
