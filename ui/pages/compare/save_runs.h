// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <optional>
#include <vector>

#include "engine/core/error.h"
#include "profiler/report/comparison_report.h"
#include "profiler/store/store.h"

namespace hone::ui {

// Both write the file `path`, which is whole or as it was. What went wrong is returned.
std::optional<ErrorDetails> saveRuns(profiler::Store& store,
                                     const std::vector<profiler::RunRecord>& runs,
                                     profiler::ReportFormat format, const QString& path);
std::optional<ErrorDetails> saveComparison(profiler::Store& store,
                                           const profiler::RunRecord& baseline,
                                           const std::vector<profiler::RunRecord>& runs,
                                           profiler::ComparisonFormat format, const QString& path);

}  // namespace hone::ui
