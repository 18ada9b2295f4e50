// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>

#include "engine/model/model.h"
#include "engine/prediction/calibration.h"
#include "engine/runtime/run_config.h"

namespace hone {

// The times of a repetition: every operation of every pass that run_generation() would make, at
// what the calibration says it takes. `checkpoint`: after the recipe's plan, data or not.
// `prompts`: the length of each sequence's prompt. Adaptive batches count as if they had their
// largest size from the start. Returns metrics by id (docs/metrics.md: prefill_tokens_per_second,
// decode_tokens_per_second, time_to_first_token, time_per_output_token, total_seconds,
// total_tokens_per_second); empty where a kernel that would run was not measured.
std::map<std::string, double> predict_times(const Checkpoint& checkpoint, const ModelConfig& config,
                                            const RunConfig& run,
                                            std::span<const std::int64_t> prompts,
                                            std::int64_t generate, const Calibration& calibration);

}  // namespace hone
