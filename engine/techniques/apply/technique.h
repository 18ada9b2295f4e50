// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "engine/core/progress.h"
#include "engine/model/model.h"
#include "engine/runtime/run_config.h"
#include "engine/techniques/schema/schema.h"
#include "kernels/cpu/context.h"

namespace hone {

// Whether a technique can act here; the reason is shown beside the disabled control.
struct Support {
    bool ok = true;
    std::string reason;
};

// Where a run is to be: what decides whether a technique can act there.
struct QueriedDevice {
    DeviceKind kind = DeviceKind::cpu;
    int compute_capability = 0;  // of a CUDA device: 90 is 9.0
};

// What a technique is asked about: shapes and types, never weight data. One that configures the run is asked about the
// weights as the recipe's transforms leave them.
struct TechniqueQuery {
    const Checkpoint& checkpoint;  // tensors may have no data
    const ModelConfig& config;
    const nlohmann::json& options;  // completed
    int concurrency = 1;
    QueriedDevice device = {};
};

// Rewrites tensors of the checkpoint. Returns notes for the user ("Q4_1 tensors were expanded first").
using TransformWeights = std::vector<std::string> (*)(Checkpoint&, const nlohmann::json& options,
                                                      const kernels::Context&, const Progress&);
// The same change of types and sizes without touching data: what predicted memory and size come from. Returns the notes
// that can be told beforehand.
using PlanWeights = std::vector<std::string> (*)(Checkpoint&, const nlohmann::json& options);
using ConfigureRun = void (*)(RunConfig&, const nlohmann::json& options);

struct WeightTechnique {
    TransformWeights apply;
    PlanWeights plan;
};
// `apply` and `plan` prepare weights that the run needs in another form; a file never gets them.
struct RunTechnique {
    ConfigureRun configure;
    TransformWeights apply = nullptr;
    PlanWeights plan = nullptr;
};

// A counter that must move. `where`: only where this other one is above 0, because what it counts is not for the technique to bring about.
struct CounterUse {
    std::string_view name, where = {};
};
using CounterUses = std::vector<CounterUse>;

struct Technique {
    const Descriptor& descriptor;
    Support (*supports)(const TechniqueQuery&);
    // Which of the run's counters (engine/experiment/worker/evidence.h) move where the technique acts: one for each thing that these
    // options ask for, none where they are the baseline's. Whether they did move is for the run to say.
    CounterUses (*counters)(const nlohmann::json& options);
    std::variant<WeightTechnique, RunTechnique> act;
    bool calibrates = false;  // on calibration_text()
};

std::span<const Technique> techniques();
const Technique* find_technique(std::string_view id);

}  // namespace hone
