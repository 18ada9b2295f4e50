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

// What an experiment comes to, from the headers alone: the one place that says so. predict,
// prepare, export and an answer in words take types, bytes, memory and whether it fits from it.
struct ExperimentPlan {
    Checkpoint file;        // after the recipe and the change of type, as a file would hold it …
    Checkpoint checkpoint;  // … and as the run has it in memory; neither has data
    RunConfig run;          // with the batch size that will be
    ModelConfig config;
    std::vector<std::string> notes;
    Sizes sizes{};
    std::int64_t transform_bytes =
        0;                 // the most that weights and calibration take while the recipe is applied
    MemoryByClass memory;  // of the timed repetitions, which is what a run reports
    MemoryByClass least;   // what a run must have to begin: scored windows may be longer than
                           // repetitions, and an adaptive batch begins with one sequence
    std::optional<ErrorDetails> refusal;  // why the place or the model's context cannot hold it

    // Bytes that must be free of a place's room before anything is loaded.
    std::int64_t needed(const Room& room) const;
    // Why what is free of the room does not hold the plan, with the arithmetic; nothing where it
    // does.
    std::optional<ErrorDetails> shortage(const Room& room) const;
    // Throws Error with the refusal, or the shortage.
    void require(const Room& room) const;
};

// Throws Error where a technique cannot act.
ExperimentPlan plan_experiment(const Experiment& experiment, const std::string& dtype,
                               const Place& place);

// The plan of writing a model to a file instead: `weights` are the recipe's transforms, which are
// applied in this process.
ExperimentPlan plan_export(const std::string& checkpoint, const Recipe& weights,
                           const std::string& dtype);

// The plan of one sequence more of a model that is loaded already: only what it adds is counted.
ExperimentPlan plan_answer(const Place& place, const Model& model, const RunConfig& run,
                           int threads, std::int64_t prompt, std::int64_t positions);

}  // namespace hone
