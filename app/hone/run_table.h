// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "profiler/report/comparison.h"

namespace hone::cli {

// Runs side by side, one metric a row, baseline first; with a comparison its verdict, by how much,
// and the 99 % interval that decides it, all in the direction of the verdict.
std::string run_table(const std::vector<profiler::RunRecord>& runs,
                      const profiler::Comparison* comparison);

// One line a run, for `hone runs list`.
std::string run_list(const std::vector<profiler::RunRecord>& runs);

}  // namespace hone::cli
