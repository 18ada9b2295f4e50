// SPDX-License-Identifier: Apache-2.0
#include "engine/experiment/worker/experiment_plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/formats/checkpoint.h"
#include "engine/prediction/machine_load.h"
#include "engine/runtime/memory_plan.h"
#include "engine/runtime/runtime.h"
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

std::int64_t ExperimentPlan::needed(const Room& room, std::int64_t runtime_bytes) const {
    if (!room.holds_process) return least.total();
    return std::max(least.total(), transform_bytes) + runtime_bytes;
}

ExperimentPlan plan_experiment(const Experiment& experiment, const std::string& dtype,
                               const Place& place) {
    ExperimentPlan plan;
    const int threads = checked_threads(experiment.target, kMostThreads);
    plan.checkpoint = open_checkpoint(experiment.checkpoint, false);
    AppliedRecipe applied = plan_recipe(plan.checkpoint, experiment.recipe,
                                        experiment.workload.concurrency, place, dtype);
    plan.run = applied.run;
    plan.notes = std::move(applied.notes);
    plan.transform_bytes = applied.most_bytes;
    plan.config = read_config(plan.checkpoint);
    plan.sizes = sizes_of(experiment.workload, plan.run);
    Checkpoint in_memory = plan.checkpoint;
    if (leaves_zeros_out(experiment.recipe, plan.run, place)) plan_without_zeros(in_memory, place);
    plan.model_bytes = in_memory.bytes();
    const bool adaptive = plan.run.batching == RunConfig::Batching::adaptive;
    plan.least = predict_memory(plan.config, plan.model_bytes, plan.run, threads,
                                adaptive ? 1 : plan.sizes.sequences, plan.sizes.context(),
                                plan.sizes.prompt);
    plan.run.batch_size = plan.sizes.sequences;
    return plan;
}

void require_memory(const ExperimentPlan& plan, const Room& room, std::int64_t runtime_bytes) {
    const std::int64_t needed = plan.needed(room, runtime_bytes);
    if (!room.free || needed <= *room.free) return;
    const MemoryByClass& named = plan.least;
    const bool transforms = room.holds_process && plan.transform_bytes > named.total();
    const std::string parts =
        transforms
            ? fmt::format("weights {} while the recipe is applied", amount(plan.transform_bytes))
            : fmt::format("weights {}, KV cache {}, activations and workspace {}",
                          amount(named[MemoryClass::weights]), amount(named[MemoryClass::kv_cache]),
                          amount(named[MemoryClass::activations] + named[MemoryClass::workspace]));
    throw Error(ErrorDetails{
        .message = {},
        .file = plan.checkpoint.source,
        .field = room.holds_process ? "memory" : "device memory",
        .found = fmt::format("{} B needed", needed),
        .expected = fmt::format("at most {} B", *room.free),
        .fault = Fault::no_memory,
        .summary =
            fmt::format("This needs {} of {} ({}), and {} are {}.", amount(needed), room.name,
                        parts, amount(*room.free), room.holds_process ? "available" : "free"),
        .action = "Choose a smaller model, a smaller type of weights, a shorter context or fewer "
                  "sequences."});
}

}  // namespace hone
