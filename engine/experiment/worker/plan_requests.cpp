// SPDX-License-Identifier: Apache-2.0
#include "engine/core/system_memory.h"
#include "engine/experiment/protocol/messages/plans.h"
#include "engine/experiment/worker/apply_recipe.h"
#include "engine/experiment/worker/experiment_plan.h"
#include "engine/experiment/worker/memory_report.h"
#include "engine/experiment/worker/requests.h"
#include "engine/formats/file_format.h"
#include "engine/prediction/calibration_cache.h"
#include "engine/prediction/time_prediction.h"
#include "engine/techniques/apply/technique.h"

namespace hone {

namespace {

// The weights as the technique would find them: after the transforms that stand before it in the
// recipe, all of them where it is not there or configures the run. A transform that cannot act is
// not its concern.
Checkpoint as_found_by(const Descriptor& descriptor, const Checkpoint& checkpoint,
                       const Recipe& recipe, const Place& place) {
    Checkpoint planned = checkpoint;
    const auto transforms = [](const Descriptor& each) {
        return each.stage == Stage::transforms_weights;
    };
    for (const RecipeStep& step : recipe.steps) {
        if (step.technique == descriptor.id) {
            if (transforms(descriptor)) break;
            continue;
        }
        if (!transforms(*builtin_registry().find(step.technique))) continue;
        const std::unique_ptr<const Technique> other = technique_of(step);
        if (other->supports({planned, read_config(planned), 1, place}).ok)
            dynamic_cast<const WeightTechnique&>(*other).plan(planned);
    }
    return planned;
}

}  // namespace

template <>
messages::SupportsReply answer(const messages::Supports& request, WorkerContext& context) {
    const Checkpoint checkpoint = open_checkpoint(request.checkpoint, false);
    const std::unique_ptr<Place> place = context.place_of(request.target);
    messages::SupportsReply reply;
    for (const TechniqueRow& row : techniques()) {
        nlohmann::json options = default_options(row.descriptor);
        for (const RecipeStep& step : request.recipe.steps) {
            if (step.technique == row.descriptor.id) options = step.options;
        }
        const Checkpoint before = as_found_by(row.descriptor, checkpoint, request.recipe, *place);
        const Support support = row.with(options)->supports(
            {before, read_config(before), request.workload.concurrency, *place});
        reply.techniques[std::string(row.descriptor.id)] = {.ok = support.ok,
                                                            .reason = support.reason};
    }
    return reply;
}

template <>
messages::PredictReply answer(const messages::Predict& request, WorkerContext& context) {
    const Experiment& experiment = request.experiment;
    const std::unique_ptr<Place> place = context.place_of(experiment.target);
    const ExperimentPlan plan = plan_experiment(experiment, request.dtype, *place);
    // The tokeniser is part of what a worker is before its weights: made here, it is counted here.
    const Tokenizer tokenizer = Tokenizer::from_checkpoint(plan.file);
    const Room room = place->room();
    messages::PredictReply reply;
    const auto calibration =
        place->follows_calibration()
            ? kept_calibration(calibrated_machine(), resolved_threads(experiment.target))
            : std::nullopt;
    if (calibration) {
        const auto metrics = predict_times(plan.checkpoint, plan.config, plan.run,
                                           prompt_lengths(experiment.workload),
                                           experiment.workload.generated_tokens, *calibration);
        if (!metrics.empty()) reply.times = metrics;
    }
    reply.wants_calibration = place->follows_calibration() && !reply.times;
    reply.memory = predicted_memory(plan.memory, room.holds_process ? resident_bytes() : 0);
    reply.model_bytes = plan.checkpoint.bytes();
    reply.file_bytes = file_format(request.format).size(plan.file);
    reply.available = room.free.value_or(0);
    reply.needed = plan.needed(room);
    reply.shortage = plan.shortage(room);
    reply.fits = !reply.shortage;
    reply.refusal = plan.refusal;
    reply.notes = plan.notes;
    return reply;
}

}  // namespace hone
