// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "profiler/statistics/metrics.h"
#include "profiler/store/store.h"

namespace hone::profiler {

// Why figures of this metric, measured as these two runs were, cannot be compared; empty where they
// can. Among the metric's conditions hardware is machine, processor, instruction set, device and
// threads; text is also protocol, context and stride. The baseline of a divergence is compared with
// the samples (comparison.h).
std::string conditions_refusal(const MetricDefinition& metric, const RunRecord& baseline,
                               const RunRecord& candidate);

// That, or that one of the two runs has no such figure.
std::string refusal(const MetricDefinition& metric, const RunRecord& baseline,
                    const RunRecord& candidate);

// "other machine: a and b" for the first of machine, processor and instruction set that differs;
// empty where none does, or where one of the two does not say.
std::string other_machine(const nlohmann::json& environment, const nlohmann::json& other);

// What differs between the two runs and does not forbid comparing.
std::vector<std::string> comparison_warnings(const RunRecord& baseline, const RunRecord& candidate,
                                             bool interleaved);

// What disturbed a run, and does not forbid comparing it.
std::vector<std::string> run_warnings(const RunRecord& run);

}  // namespace hone::profiler
