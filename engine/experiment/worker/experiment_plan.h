// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/core/error.h"
#include "engine/core/memory.h"
#include "engine/experiment/protocol/experiment.h"
#include "engine/experiment/worker/apply_recipe.h"
#include "engine/model/model.h"
#include "engine/runtime/run_config.h"

namespace hone {

// Threads of a target: as asked, or the physical cores this process may use.
int resolved_threads(const Target& target);
// The same; throws Error naming both numbers where that is more than `times` the processors that
// this process may run on (and more than a handful): threads that only wait for each other measure
// nothing.
int checked_threads(const Target& target, int times);

inline constexpr int kMostThreads =
    4;  // a processor: a run may have more threads than processors, not any number

// Positions that a sequence of so many prompt and generated tokens takes: the last token is chosen
// and never computed.
std::int64_t positions_of(std::int64_t prompt_tokens, std::int64_t generated_tokens);

// Sizes that follow from a workload: what prepare reserves, predict predicts and the model's
// context has to hold.
struct Sizes {
    int sequences;           // computed together
    std::int64_t generated;  // positions of a sequence with its answer
    std::int64_t scored;     // tokens of a scored window; 0 where nothing is scored
    std::int64_t prompt;
    std::int64_t context() const;  // the most that a sequence may hold
};
Sizes sizes_of(const Workload& workload, const RunConfig& config);

// Why a model with `context_length` cannot do what `sizes` ask for, with both numbers; nothing
// where it can.
std::optional<ErrorDetails> context_refusal(const std::string& source, std::int64_t context_length,
                                            const Workload& workload, const Sizes& sizes);

// What an experiment comes to, from the headers alone. predict, prepare and export refuse by the
// same one.
struct ExperimentPlan {
    Checkpoint checkpoint;  // after the recipe and the change of type, without data
    RunConfig run;          // with the batch size that will be
    ModelConfig config;
    std::vector<std::string> notes;
    Sizes sizes{};
    std::int64_t model_bytes = 0;
    std::int64_t transform_bytes =
        0;  // the most that weights and calibration take while the recipe is applied
    MemoryByClass
        least;  // what a run must have to begin: an adaptive batch begins with one sequence

    // What a place's room must hold; where it holds the process, of `least` and the transforms what
    // takes more, and the `runtime_bytes` of a worker's own.
    std::int64_t needed(const Room& room, std::int64_t runtime_bytes) const;
};

// Throws Error where a technique cannot act.
ExperimentPlan plan_experiment(const Experiment& experiment, const std::string& dtype,
                               const Place& place);

// Throws Error with the arithmetic where what is free of the room does not hold the plan.
void require_memory(const ExperimentPlan& plan, const Room& room, std::int64_t runtime_bytes);

}  // namespace hone
