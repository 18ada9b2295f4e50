// SPDX-License-Identifier: Apache-2.0
#include "engine/experiment/worker/load.h"

#include <malloc.h>

#include <chrono>
#include <utility>

#include "engine/experiment/worker/apply_recipe.h"
#include "engine/weights/finite.h"

namespace hone {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

void append(std::vector<std::string>& notes, const std::vector<std::string>& more) {
    notes.insert(notes.end(), more.begin(), more.end());
}

// Applies the recipe, changes the matrices' type and leaves zeros out, with what is noted of each.
// Without data (`has_weights`) the same is planned: the place makes such weights itself.
void apply(const Experiment& experiment, const std::string& dtype, Checkpoint& checkpoint,
           bool has_weights, const LoadTarget& target, const Progress& progress, LoadedModel& to) {
    kernels::Workspace workspace(target.pool.size());
    const kernels::Context context{kernels::best_isa(), target.pool, workspace};
    const Place& place = target.place;
    const int concurrency = experiment.workload.concurrency;
    const AppliedRecipe applied =
        has_weights
            ? apply_recipe(checkpoint, experiment.recipe, concurrency, context, progress, place)
            : plan_recipe(checkpoint, experiment.recipe, concurrency, place);
    to.run = applied.run;
    to.run.batch_size = to.sizes.sequences;
    append(to.notes, applied.notes);
    if (has_weights) {
        append(to.notes, convert_matrices(checkpoint, dtype, context, progress));
    } else {
        plan_matrices(checkpoint, dtype);
    }
    append(to.notes, place.notes());
    if (to.evidence) to.evidence->applied(checkpoint, experiment.recipe);
    if (!leaves_zeros_out(experiment.recipe, to.run, place)) return;
    if (has_weights)
        append(to.notes, leave_zeros_out(checkpoint, place, context, progress));
    else
        plan_without_zeros(checkpoint, place);
    to.evidence->left_out(checkpoint, !has_weights);
}

}  // namespace

LoadedModel load_experiment(const Experiment& experiment, const std::string& dtype,
                            std::vector<SourceFile> files, const LoadTarget& target,
                            const Progress& load_progress, const Progress& apply_progress) {
    LoadedModel loaded;
    const Clock::time_point start = Clock::now();
    load_progress.update(0, experiment.checkpoint);
    {
        // From the headers alone, so that a model that does not fit is refused before anything is
        // read.
        const ExperimentPlan plan = plan_experiment(experiment, dtype, target.place);
        if (!files.empty()) require_same_files(files, plan.file.files);
        plan.require(target.place.room());
        files = plan.file.files;
        loaded.sizes = plan.sizes;
    }
    // Where the place makes the weights of a model without files, they are as the recipe would
    // store them: this process's memory would hold none of the large ones.
    const bool has_weights =
        !target.place.makes_synthetic_weights() || !experiment.checkpoint.starts_with("synthetic:");
    Checkpoint checkpoint = open_checkpoint(experiment.checkpoint, has_weights);
    require_same_files(files, checkpoint.files);
    loaded.notes = checkpoint.notes;
    if (!checkpoint.synthetic)
        append(loaded.notes, notes_of_not_finite(checkpoint, target.pool, load_progress));
    loaded.load_seconds = seconds_since(start);
    if (!experiment.recipe.steps.empty()) loaded.evidence.emplace(checkpoint);
    const Clock::time_point apply_start = Clock::now();
    apply(experiment, dtype, checkpoint, has_weights, target, apply_progress, loaded);
    malloc_trim(0);  // what the transforms used is not the model's
    loaded.apply_seconds = seconds_since(apply_start);
    const Clock::time_point model_start = Clock::now();
    target.account.making_tokenizer();
    loaded.model = load_model(std::move(checkpoint));
    append(loaded.notes, loaded.model->config.notes);
    target.account.tokenizer_made();
    loaded.load_seconds += seconds_since(model_start);
    return loaded;
}

}  // namespace hone
