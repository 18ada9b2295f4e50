// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include "profiler/store/store.h"

namespace hone::ui {

// Whether a list would show the two alike.
bool sameRun(const profiler::RunRecord& a, const profiler::RunRecord& b);

// "47 int4 group 32": how a run is called in headers, labels and messages.
QString runName(const profiler::RunRecord& run);

// "smollm2.Q4_1.gguf": the last part of where the checkpoint was, which tells two of one name
// apart; else its name.
QString modelFile(const profiler::RunRecord& run);

}  // namespace hone::ui
