// SPDX-License-Identifier: Apache-2.0
#include "engine/core/system_memory.h"
#include "engine/experiment/worker/apply_recipe.h"
#include "engine/experiment/worker/device_target.h"
#include "engine/experiment/worker/experiment_plan.h"
#include "engine/experiment/worker/memory_report.h"
#include "engine/experiment/worker/requests.h"
#include "engine/formats/file_format.h"
#include "engine/prediction/calibration_cache.h"
#include "engine/prediction/time_prediction.h"
#include "engine/runtime/memory_plan.h"
#include "engine/runtime/runtime.h"
#include "engine/techniques/apply/technique.h"

namespace hone {

namespace {

// The weights as the technique would find them: after the transforms that stand before it in the recipe, all of them where it is not
// there or configures the run. A transform that cannot act is not its concern.
Checkpoint as_found_by(const Descriptor& descriptor, const Checkpoint& checkpoint, const Recipe& recipe,
                       const QueriedDevice& device) {
    Checkpoint planned = checkpoint;
    const auto transforms = [](const Descriptor& each) { return each.stage == Stage::transforms_weights; };
    for (const RecipeStep& step : recipe.steps) {
        if (step.technique == descriptor.id) {
            if (transforms(descriptor)) break;
            continue;
        }
        if (!transforms(*builtin_registry().find(step.technique))) continue;
        const std::unique_ptr<const Technique> other = technique_of(step);
        if (other->supports({planned, read_config(planned), 1, device}).ok)
            dynamic_cast<const WeightTechnique&>(*other).plan(planned);
    }
    return planned;
}

}  // namespace

nlohmann::json supported_techniques(const nlohmann::json& request) {
    const Registry& registry = builtin_registry();
    const Checkpoint checkpoint = open_checkpoint(text_field(request, "checkpoint"), false);
    const Recipe recipe = recipe_from_json(request.value("recipe", nlohmann::json::array()), registry);
    const Workload workload = workload_from_json(request.value("workload", nlohmann::json::object()));
    const QueriedDevice device =
        queried_device(target_from_json(request.value("target", nlohmann::json::object())));
    nlohmann::json answers = nlohmann::json::object();
    for (const TechniqueRow& row : techniques()) {
        nlohmann::json options = default_options(row.descriptor);
        for (const RecipeStep& step : recipe.steps) {
            if (step.technique == row.descriptor.id) options = step.options;
        }
        const Checkpoint before = as_found_by(row.descriptor, checkpoint, recipe, device);
        const Support support =
            row.with(options)->supports({before, read_config(before), workload.concurrency, device});
        answers[std::string(row.descriptor.id)] = {{"ok", support.ok}, {"reason", support.reason}};
    }
    return {{"techniques", answers}};
}

nlohmann::json predict_experiment(const nlohmann::json& request) {
    const Experiment experiment = experiment_from_json(request.at("experiment"), builtin_registry());
    const QueriedDevice device = queried_device(experiment.target);
    const ExperimentPlan plan = plan_experiment(experiment, request.value("dtype", "keep"), device);
    const Workload& workload = experiment.workload;
    const std::int64_t file_bytes = file_format(request.value("format", "gguf")).size(plan.checkpoint);
    // The tokeniser is part of what a worker is before its weights: made here, it is counted here.
    const Tokenizer tokenizer = Tokenizer::from_checkpoint(plan.checkpoint);
    const bool cuda = device.kind == DeviceKind::cuda;
    const int threads = resolved_threads(experiment.target);
    const std::int64_t runtime_bytes =
        cuda ? 0 : resident_bytes();  // of a device only what the run allocates is counted
    // That of the timed repetitions, which is what a run reports; whether it fits also minds the scored windows.
    const MemoryByClass named = predict_memory(plan.config, plan.model_bytes, plan.run, threads,
                                               plan.sizes.sequences, plan.sizes.generated, plan.sizes.prompt);
    const std::int64_t available =
        cuda ? open_device(experiment.target)->free_bytes() : available_memory_bytes();
    nlohmann::json times;  // null without a calibration, which there is of this machine's processor only
    const auto calibration = cuda ? std::nullopt : kept_calibration(calibrated_machine(), threads);
    if (calibration) {
        Checkpoint in_memory = plan.checkpoint;
        if (leaves_zeros_out(experiment.recipe, plan.run)) plan_without_zeros(in_memory, plan.run.device);
        const auto metrics = predict_times(in_memory, plan.config, plan.run, prompt_lengths(workload),
                                           workload.generated_tokens, *calibration);
        if (!metrics.empty()) times = metrics;
    }
    const auto refusal =
        context_refusal(experiment.checkpoint, plan.config.context_length, workload, plan.sizes);
    return {{"memory", predicted_memory(named, runtime_bytes)},
            {"times", std::move(times)},
            {"model_bytes", plan.model_bytes},
            {"file_bytes", file_bytes},
            {"available", available},
            {"fits", available == 0 || (cuda ? plan.least.total() : plan.needed(runtime_bytes)) <= available},
            {"refusal", refusal ? to_json(*refusal) : nlohmann::json()},
            {"notes", plan.notes}};
}

}  // namespace hone
