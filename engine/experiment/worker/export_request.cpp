// SPDX-License-Identifier: Apache-2.0
#include "engine/core/error.h"
#include "engine/experiment/worker/apply_recipe.h"
#include "engine/experiment/worker/hashing.h"
#include "engine/experiment/worker/prepared.h"
#include "engine/experiment/worker/requests.h"
#include "engine/formats/file_format.h"

namespace hone {

namespace {

// What the format cannot hold is refused from the headers alone, before weights are read and transformed.
void require_writable(const nlohmann::json& request, const Recipe& weights, const FileFormat& format) {
    Checkpoint plan = open_checkpoint(text_field(request, "checkpoint"), false);
    plan_recipe(plan, weights, 1);
    plan_matrices(plan, request.value("dtype", "keep"));
    (void)format.size(plan);
}

}  // namespace

nlohmann::json export_model(const nlohmann::json& request, const Progress& apply, const Progress& write) {
    const FileFormat& format = file_format(request.value("format", "gguf"));
    const std::string path = text_field(request, "path");
    const Recipe recipe =
        recipe_from_json(request.value("recipe", nlohmann::json::array()), builtin_registry());
    const Target target = target_from_json(request.value("target", nlohmann::json::object()));
    kernels::ThreadPool pool(resolved_threads(target));
    kernels::Workspace workspace(pool.size());
    const kernels::Context context{kernels::best_isa(), pool, workspace};
    // A technique that only configures the run may need more sequences than an export has: it is left out, not asked.
    Recipe weights;
    std::vector<std::string> left_out;
    for (const RecipeStep& step : recipe.steps) {
        const Descriptor* descriptor = builtin_registry().find(step.technique);
        if (descriptor->stage == Stage::transforms_weights)
            weights.steps.push_back(step);
        else
            left_out.push_back(step.technique);
    }
    require_writable(request, weights, format);
    Checkpoint checkpoint = open_checkpoint(text_field(request, "checkpoint"));
    AppliedRecipe applied = apply_recipe(checkpoint, weights, 1, context, apply);
    for (std::string& note : convert_matrices(checkpoint, request.value("dtype", "keep"), context, apply))
        applied.notes.push_back(std::move(note));
    const std::int64_t bytes = format.write(checkpoint, path, write);
    return {{"path", path},         {"bytes", bytes},         {"types", bytes_by_type(checkpoint)},
            {"left_out", left_out}, {"notes", applied.notes}, {"hash", tensor_data_hash(checkpoint)}};
}

}  // namespace hone
