// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/core/progress.h"
#include "engine/experiment/protocol/experiment.h"
#include "engine/formats/checkpoint.h"
#include "engine/model/model.h"
#include "engine/runtime/cpu_place.h"
#include "engine/runtime/place.h"
#include "engine/runtime/run_config.h"
#include "engine/techniques/apply/technique.h"
#include "kernels/cpu/context.h"

namespace hone {

// Throws Error where this version has no technique of that name.
std::unique_ptr<const Technique> technique_of(const RecipeStep& step);

struct AppliedRecipe {
    RunConfig run;
    std::vector<std::string> notes;     // for the user
    std::vector<std::string> left_out;  // ids of techniques that configure a run
    // The most bytes that a planned recipe takes at a time while it is applied: weights that no
    // file backs, and calibration. Tensors that a file backs count as none: their pages can be had
    // again.
    std::int64_t most_bytes = 0;
    // In a plan: the tensors as a file would hold them, before techniques that configure the run
    // have others in another form.
    Checkpoint file;
};

// Asks every technique of the recipe whether it can act and lets it: weight transforms first, in
// order, then those that configure the run, which may prepare weights for it. Throws Error
// "TECHNIQUE: reason" where one cannot. After a transform nothing keeps the source file mapped.
AppliedRecipe apply_recipe(Checkpoint& checkpoint, const Recipe& recipe, int concurrency,
                           const kernels::Context& context, const Progress& progress,
                           const Place& place = CpuPlace());

// The same on a checkpoint whose tensors need no data, and convert_matrices() to `dtype` after it:
// types and sizes change, nothing is computed.
AppliedRecipe plan_recipe(Checkpoint& checkpoint, const Recipe& recipe, int concurrency,
                          const Place& place = CpuPlace(), const std::string& dtype = "keep");

// Converts every matrix to `dtype` ("keep" changes nothing; vectors stay as they are). Returns
// notes for the user. Throws Error for an unknown name, and naming tensor and row for weights that
// the type cannot hold.
std::vector<std::string> convert_matrices(Checkpoint& checkpoint, const std::string& dtype,
                                          const kernels::Context& context,
                                          const Progress& progress);

// The same change of types, without data.
void plan_matrices(Checkpoint& checkpoint, const std::string& dtype);

// Whether the recipe asks for weights without zeros, and the run's products at `place` can use
// these.
bool leaves_zeros_out(const Recipe& recipe, const RunConfig& run, const Place& place);
// Stores every matrix without its zeros where that takes fewer bytes (engine/weights/sparse.h) and
// the place takes it: a form of the run, which files never get. Returns a note for the user.
// plan_without_zeros: the same without data, from what the techniques planned.
std::vector<std::string> leave_zeros_out(Checkpoint& checkpoint, const Place& place,
                                         const kernels::Context& context, const Progress& progress);
void plan_without_zeros(Checkpoint& checkpoint, const Place& place);

// Bytes of the tensors of each type, by its name.
std::map<std::string, std::int64_t> bytes_by_type(const Checkpoint& checkpoint);

}  // namespace hone
