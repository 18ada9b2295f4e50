// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "profiler/report/comparison.h"

namespace hone::cli {

// Runs of one series, a row each: what was swept, and the headline figures with their verdicts, in
// lines of at most `columns`. `comparisons` are of candidates with their baseline, as many as there
// are. What several runs share is said once, with the runs that it concerns.
std::string series_table(const std::vector<profiler::RunRecord>& runs,
                         const std::vector<profiler::Comparison>& comparisons, std::size_t columns);

}  // namespace hone::cli
