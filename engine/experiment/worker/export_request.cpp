// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "engine/core/error.h"
#include "engine/experiment/protocol/messages/exports.h"
#include "engine/experiment/worker/apply_recipe.h"
#include "engine/experiment/worker/experiment_plan.h"
#include "engine/experiment/worker/hashing.h"
#include "engine/experiment/worker/requests.h"
#include "engine/experiment/worker/told_files.h"
#include "engine/formats/file_format.h"

namespace hone {

namespace {

// What the format, or memory, cannot hold is refused from the headers alone, before weights are
// read and transformed. Returns what it looked at.
ExperimentPlan require_possible(const messages::Export& request, const Recipe& weights,
                                const FileFormat& format, const Room& room) {
    ExperimentPlan plan = plan_export(request.checkpoint, weights, request.dtype);
    (void)format.size(plan.file);
    plan.require(room);
    return plan;
}

}  // namespace

template <>
messages::ExportReply answer(const messages::Export& request, WorkerContext& context) {
    const Progress apply = context.progress("apply"), write = context.progress("write");
    Written& held = context.held;
    held = {};
    const FileFormat& format = file_format(request.format);
    const std::string& path = request.path;
    kernels::ThreadPool pool(checked_threads(request.target, kMostThreads));
    kernels::Workspace workspace(pool.size());
    const kernels::Context on_cpu{kernels::best_isa(), pool, workspace};
    // A technique that only configures the run may need more sequences than an export has: it is
    // left out, not asked.
    const RecipeParts parts = parts_of(request.recipe, builtin_registry());
    messages::ExportReply reply;
    reply.model.left_out = parts.run_techniques();
    const ExperimentPlan plan =
        require_possible(request, parts.weights, format, context.place_of({})->room());
    Checkpoint checkpoint = open_checkpoint(request.checkpoint);
    require_same_files(plan.file.files, checkpoint.files);
    AppliedRecipe applied = apply_recipe(checkpoint, parts.weights, 1, on_cpu, apply);
    for (std::string& note : convert_matrices(checkpoint, request.dtype, on_cpu, apply))
        applied.notes.push_back(std::move(note));
    const Existing existing = request.overwrite ? Existing::replace : Existing::refuse;
    Written written = format.prepare(checkpoint, path, existing, write);
    messages::ExportedModel& model = reply.model;
    model.path = path;
    model.bytes = written.bytes;
    model.types = bytes_by_type(checkpoint);
    model.notes = checkpoint.notes;
    model.notes.insert(model.notes.end(), applied.notes.begin(), applied.notes.end());
    model.hash = tensor_data_hash(checkpoint);
    model.context_length = plan.config.context_length;
    reply.files = told_files(plan.file.files);
    if (request.hold) {
        held = std::move(written);
        reply.written = held.place->temporary().string();
    } else {
        reply.kept = written.place->commit().string();
    }
    return reply;
}

template <>
messages::SettleExportReply answer(const messages::SettleExport& request, WorkerContext& context) {
    if (!context.held.place)
        throw Error(ErrorDetails{"", "", "settle_export", "no model that is held",
                                 "an export with hold before it"});
    const Written settled = std::exchange(context.held, {});
    messages::SettleExportReply reply;
    if (request.commit) reply.kept = settled.place->commit().string();
    return reply;
}

}  // namespace hone
