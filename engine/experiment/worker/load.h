// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/core/progress.h"
#include "engine/experiment/protocol/experiment.h"
#include "engine/experiment/worker/evidence.h"
#include "engine/experiment/worker/experiment_plan.h"
#include "engine/formats/source_file.h"
#include "engine/model/model.h"
#include "engine/runtime/place.h"
#include "engine/runtime/run_config.h"
#include "kernels/cpu/thread_pool.h"

namespace hone {

// Where a model is loaded to, and who counts what that takes.
struct LoadTarget {
    kernels::ThreadPool& pool;
    Place& place;
    MemoryAccount& account;  // made before anything came
};

// A model with its recipe applied.
struct LoadedModel {
    std::unique_ptr<Model> model;
    RunConfig run;                           // as planned
    Sizes sizes;                             // that the runtime is to have room for
    std::optional<WeightEvidence> evidence;  // where there is a recipe
    std::vector<std::string> notes;
    double load_seconds = 0;   // looking, reading and binding
    double apply_seconds = 0;  // the recipe and the change of type
};

// Looks at the experiment's plan, then reads the checkpoint and applies the recipe. `dtype`: what
// the matrices become after the recipe ("keep" for the recipe's own). `files`: which files the
// checkpoint must still be; any where there are none. Throws Error before weights are read where
// the plan does not fit (with the arithmetic), the model's context is too short or files changed,
// and later where a technique or the change of type cannot act on the weights; Cancelled on stop.
LoadedModel load_experiment(const Experiment& experiment, const std::string& dtype,
                            std::vector<SourceFile> files, const LoadTarget& target,
                            const Progress& load, const Progress& apply);

}  // namespace hone
