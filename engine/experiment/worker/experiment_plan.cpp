// SPDX-License-Identifier: Apache-2.0
#include "engine/experiment/worker/experiment_plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/evaluation/perplexity.h"
#include "engine/formats/checkpoint.h"
#include "engine/prediction/machine_load.h"
#include "engine/runtime/cpu_place.h"
#include "engine/runtime/memory_plan.h"
#include "profiler/environment/environment.h"

namespace hone {
namespace {

double gigabytes(std::int64_t bytes) {
    return static_cast<double>(bytes) / 1e9;
}

// 0 B to 999 MB in MB, above in GB: a small model's needs are not "0.0 GB".
std::string amount(std::int64_t bytes) {
    constexpr std::int64_t kGigabyte = 1'000'000'000;
    return bytes < kGigabyte ? fmt::format("{:.0f} MB", 1e3 * gigabytes(bytes))
                             : fmt::format("{:.1f} GB", gigabytes(bytes));
}

}  // namespace

int resolved_threads(const Target& target) {
    return target.threads > 0 ? target.threads : profiler::physical_cores();
}

int checked_threads(const Target& target, int times) {
    const int threads = resolved_threads(target);
    const auto processors = static_cast<int>(allowed_processors().size());
    if (threads <= times * processors) return threads;
    throw Error(ErrorDetails{
        .message = {},
        .file = {},
        .field = "threads",
        .found = std::to_string(threads),
        .expected = fmt::format("at most {}, with {} processor{}", times * processors, processors,
                                processors == 1 ? "" : "s"),
        .fault = Fault::argument,
        .summary =
            fmt::format("{} threads are too many for the {} processor{} that Hone may use here.",
                        threads, processors, processors == 1 ? "" : "s"),
        .action = "Leave --threads out, or name fewer."});
}

std::int64_t positions_of(std::int64_t prompt_tokens, std::int64_t generated_tokens) {
    return prompt_tokens + std::max<std::int64_t>(1, generated_tokens) - 1;
}

std::int64_t Sizes::context() const {
    return std::max(generated, scored);
}

Sizes sizes_of(const Workload& workload, const RunConfig& config) {
    const auto together = std::min<std::int64_t>(config.batch_size, workload.concurrency);
    return {static_cast<int>(together),
            positions_of(workload.prompt_tokens, workload.generated_tokens),
            workload.text == "none" ? 0 : workload.context, workload.prompt_tokens};
}

std::optional<ErrorDetails> context_refusal(const std::string& source, std::int64_t context_length,
                                            const Workload& workload, const Sizes& sizes) {
    if (sizes.context() <= context_length) return std::nullopt;
    const bool windows = sizes.generated <= context_length;
    ErrorDetails details;
    details.file = source;
    details.field = "context";
    details.fault = Fault::argument;
    details.found =
        windows ? fmt::format("scored windows of {} tokens", sizes.scored)
                : fmt::format("a prompt of {} tokens and {} generated, {} positions in all",
                              workload.prompt_tokens, workload.generated_tokens, sizes.generated);
    details.expected = fmt::format("at most the model's {}", context_length);
    details.summary =
        fmt::format("The model's context of {} tokens is too short for this: it takes {}.",
                    context_length, windows ? sizes.scored : sizes.generated);
    details.action =
        windows ? fmt::format("Score windows of at most {} tokens (--context).", context_length)
                : "Shorten the prompt or generate fewer tokens.";
    return Error(details).details();
}

// In a room that holds this process, the tokeniser, buffers of files and what allocators round up
// to are taken beside the run.
std::int64_t ExperimentPlan::needed(const Room& room) const {
    constexpr std::int64_t kBeside = std::int64_t{32} << 20;
    return room.holds_process ? std::max(least.total(), transform_bytes) + kBeside : least.total();
}

std::optional<ErrorDetails> ExperimentPlan::shortage(const Room& room) const {
    const std::int64_t wanted = needed(room);
    if (!room.free || wanted <= *room.free) return std::nullopt;
    const bool transforms = room.holds_process && transform_bytes > least.total();
    const std::string parts =
        transforms
            ? fmt::format("weights {} while the recipe is applied", amount(transform_bytes))
            : fmt::format("weights {}, KV cache {}, activations and workspace {}",
                          amount(least[MemoryClass::weights]), amount(least[MemoryClass::kv_cache]),
                          amount(least[MemoryClass::activations] + least[MemoryClass::workspace]));
    ErrorDetails details;
    details.file = file.source;
    details.field = room.holds_process ? "memory" : "device memory";
    details.found = fmt::format("{} B needed", wanted);
    details.expected = fmt::format("at most {} B", *room.free);
    details.fault = Fault::no_memory;
    details.summary =
        fmt::format("This needs {} of {} ({}), and {} are {}.", amount(wanted), room.name, parts,
                    amount(*room.free), room.holds_process ? "available" : "free");
    details.action =
        "Choose a smaller model, a smaller type of weights, a shorter context or fewer sequences.";
    return Error(std::move(details)).details();
}

void ExperimentPlan::require(const Room& room) const {
    if (refusal) throw Error(*refusal);
    if (const auto short_of = shortage(room)) throw Error(*short_of);
}

ExperimentPlan plan_experiment(const Experiment& experiment, const std::string& dtype,
                               const Place& place) {
    ExperimentPlan plan;
    const int threads = checked_threads(experiment.target, kMostThreads);
    plan.checkpoint = open_checkpoint(experiment.checkpoint, false);
    AppliedRecipe applied = plan_recipe(plan.checkpoint, experiment.recipe,
                                        experiment.workload.concurrency, place, dtype);
    plan.run = applied.run;
    plan.file = std::move(applied.file);
    plan.notes = std::move(applied.notes);
    plan.transform_bytes = applied.most_bytes;
    plan.config = read_config(plan.checkpoint);
    plan.sizes = sizes_of(experiment.workload, plan.run);
    if (leaves_zeros_out(experiment.recipe, plan.run, place))
        plan_without_zeros(plan.checkpoint, place);
    plan.run.batch_size = plan.sizes.sequences;
    plan.refusal = context_refusal(experiment.checkpoint, plan.config.context_length,
                                   experiment.workload, plan.sizes);
    if (!plan.refusal) plan.refusal = place.refusal(plan.checkpoint, plan.config);
    RunSizes sizes{.threads = threads,
                   .sequences = plan.sizes.sequences,
                   .context = plan.sizes.context(),
                   .positions = plan.sizes.generated,
                   .prompt = plan.sizes.prompt};
    plan.memory = place.plan_memory(plan.checkpoint, plan.config, plan.run, sizes);
    RunConfig least = plan.run;
    if (plan.run.batching == RunConfig::Batching::adaptive) least.batch_size = 1;
    sizes.window = plan.sizes.scored;
    sizes.scored_together = scored_together(plan.run, plan.sizes.scored);
    plan.least = place.plan_memory(plan.checkpoint, plan.config, least, sizes);
    return plan;
}

ExperimentPlan plan_export(const std::string& checkpoint, const Recipe& weights,
                           const std::string& dtype) {
    constexpr std::int64_t kWriting = std::int64_t{16} << 20;  // the writer's buffers
    ExperimentPlan plan;
    plan.checkpoint = open_checkpoint(checkpoint, false);
    AppliedRecipe applied = plan_recipe(plan.checkpoint, weights, 1, CpuPlace(), dtype);
    plan.file = std::move(applied.file);
    plan.notes = std::move(applied.notes);
    plan.transform_bytes = applied.most_bytes + kWriting;
    plan.config = read_config(plan.checkpoint);
    return plan;
}

ExperimentPlan plan_answer(const Place& place, const Model& model, const RunConfig& run,
                           int threads, std::int64_t prompt, std::int64_t positions) {
    ExperimentPlan plan;
    plan.file.source = model.checkpoint.source;
    plan.config = model.config;
    plan.run = run;
    plan.least = place.plan_memory(
        model.checkpoint, model.config, run,
        {.threads = threads, .context = positions, .positions = positions, .prompt = prompt});
    plan.least[MemoryClass::weights] = 0;
    plan.refusal = place.refusal(model.checkpoint, model.config);
    return plan;
}

}  // namespace hone
