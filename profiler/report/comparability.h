// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "profiler/statistics/metrics.h"
#include "profiler/store/store.h"

namespace hone::profiler {

// Why this metric of the two runs cannot be compared; empty where it can.
std::string refusal(const MetricDefinition& metric, const RunRecord& baseline, const RunRecord& candidate);

// What differs between the two runs, or disturbed one of them, and does not forbid comparing.
std::vector<std::string> comparison_warnings(const RunRecord& baseline, const RunRecord& candidate,
                                             bool interleaved);

}  // namespace hone::profiler
