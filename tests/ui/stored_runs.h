// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "engine/experiment/protocol/experiment.h"
#include "profiler/store/store.h"

namespace hone::ui::testing {

inline constexpr const char* inventedModel = "/models/SmolLM2-135M-Instruct.BF16.gguf";

// Figures of an invented model, near what a small model gives on two cores.
struct InventedRun {
    std::string label;
    nlohmann::json recipe = nlohmann::json::array();
    double prefill = 1610, decode = 131, peakMegabytes = 366, modelMegabytes = 271;
    double perplexity = 15.9, divergence = 0, agreement = 1;
    std::string status = "done", reason = {};
    std::optional<profiler::Series> series = {};
    std::string model = inventedModel;  // where the checkpoint was
};

// Template of a temporary folder, in memory where the machine has such a place: a store syncs at
// every sample.
QString quickFolder();

// Stores a run with its samples (warm-up, repetitions with token times and memory, accuracy
// windows). `pair`: the baseline's id.
std::int64_t storeRun(profiler::Store& store, const InventedRun& run,
                      const nlohmann::json& workload, const nlohmann::json& target,
                      std::int64_t pair = 0);

// A baseline with candidates of every outcome: faster, smaller, worse, unclear, failed, cancelled.
// Returns the baseline's id.
std::int64_t storeInventedRuns(profiler::Store& store, const nlohmann::json& workload,
                               const nlohmann::json& target);

// A series of three schemes of quantisation, of which q4_0 fails where `failed`, and its baseline,
// whose id is returned.
std::int64_t storeInventedSeries(profiler::Store& store, const nlohmann::json& workload,
                                 const nlohmann::json& target, bool failed = false);

}  // namespace hone::ui::testing
