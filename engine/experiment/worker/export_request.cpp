// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "engine/core/error.h"
#include "engine/core/system_memory.h"
#include "engine/experiment/worker/apply_recipe.h"
#include "engine/experiment/worker/experiment_plan.h"
#include "engine/experiment/worker/hashing.h"
#include "engine/experiment/worker/requests.h"
#include "engine/formats/file_format.h"

namespace hone {

namespace {

// What the format, or memory, cannot hold is refused from the headers alone, before weights are read and transformed. Returns what
// it looked at.
ExperimentPlan require_possible(const nlohmann::json& request, const Recipe& weights,
                                const FileFormat& format) {
    constexpr std::int64_t kWriting = std::int64_t{16} << 20;  // the writer's buffers
    ExperimentPlan plan;
    plan.checkpoint = open_checkpoint(text_field(request, "checkpoint"), false);
    const AppliedRecipe applied =
        plan_recipe(plan.checkpoint, weights, 1, {}, request.value("dtype", "keep"));
    (void)format.size(plan.checkpoint);
    plan.transform_bytes = applied.most_bytes + kWriting;
    require_memory(plan, resident_bytes(), available_memory_bytes());
    plan.config = read_config(plan.checkpoint);
    return plan;
}

}  // namespace

nlohmann::json export_model(const nlohmann::json& request, const Progress& apply, const Progress& write,
                            Written& held) {
    held = {};
    const FileFormat& format = file_format(request.value("format", "gguf"));
    const std::string path = text_field(request, "path");
    const Recipe recipe =
        recipe_from_json(request.value("recipe", nlohmann::json::array()), builtin_registry());
    const Target target = target_from_json(request.value("target", nlohmann::json::object()));
    kernels::ThreadPool pool(checked_threads(target, kMostThreads));
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
    const ExperimentPlan plan = require_possible(request, weights, format);
    Checkpoint checkpoint = open_checkpoint(text_field(request, "checkpoint"));
    require_same_files(plan.checkpoint.files, checkpoint.files);
    AppliedRecipe applied = apply_recipe(checkpoint, weights, 1, context, apply);
    for (std::string& note : convert_matrices(checkpoint, request.value("dtype", "keep"), context, apply))
        applied.notes.push_back(std::move(note));
    const Existing existing = request.value("overwrite", false) ? Existing::replace : Existing::refuse;
    Written written = format.prepare(checkpoint, path, existing, write);
    std::vector<std::string> notes = checkpoint.notes;
    notes.insert(notes.end(), applied.notes.begin(), applied.notes.end());
    nlohmann::json result{{"path", path},
                          {"bytes", written.bytes},
                          {"types", bytes_by_type(checkpoint)},
                          {"left_out", left_out},
                          {"notes", notes},
                          {"hash", tensor_data_hash(checkpoint)},
                          {"context_length", plan.config.context_length},
                          {"files", files_to_json(plan.checkpoint.files)}};
    if (request.value("hold", false)) {
        held = std::move(written);
        result["written"] = held.place->temporary().string();
    } else {
        result["kept"] = written.place->commit().string();
    }
    return result;
}

nlohmann::json settle_export(const nlohmann::json& request, Written& held) {
    if (!held.place)
        throw Error(
            ErrorDetails{"", "", "settle_export", "no model that is held", "an export with hold before it"});
    const Written settled = std::exchange(held, {});
    nlohmann::json result{{"kept", ""}};
    if (request.value("commit", false)) result["kept"] = settled.place->commit().string();
    return result;
}

}  // namespace hone
