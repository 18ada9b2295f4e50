// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "profiler/report/comparison.h"

namespace hone::cli {

// Runs of one series, a row each: what was swept, and the headline figures with their verdicts.
// `comparisons` are of candidates with their baseline, as many as there are.
std::string series_table(const std::vector<profiler::RunRecord>& runs,
                         const std::vector<profiler::Comparison>& comparisons);

}  // namespace hone::cli
