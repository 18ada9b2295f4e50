// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <string>
#include <vector>

#include "app/hone/arguments.h"
#include "app/hone/command.h"
#include "app/hone/experiment_options.h"
#include "app/hone/interrupt.h"
#include "app/hone/measured_report.h"
#include "app/hone/terminal.h"
#include "engine/base/letter_case.h"
#include "engine/core/error.h"
#include "engine/experiment/client/client.h"

namespace hone::cli {
namespace {

constexpr std::int64_t kQuickWindows = 4;
constexpr std::int64_t kMostEver = 1024;  // candidates: each takes a worker

struct MeasureOptions {
    ExperimentOptions common;
    Workload workload;
    int concurrency = 0;  // 0: as many as the recipe's techniques need to show what they do
    std::string against;
    std::int64_t most_candidates = kMostCandidates;
    bool accuracy_only = false;
    bool trace = false, quick = false;
    std::vector<std::string> texts{"bundled"};
};

void choose_against(MeasureRequest& request, const std::string& against) {
    using Against = MeasureRequest::Against;
    const std::string which = lower_case(against);
    if (which.empty() || which == "nothing") {
        request.against = Against::nothing;
    } else if (which == "baseline") {
        request.against = Against::baseline;
    } else {
        request.against = Against::stored_run;
        const char* const end = against.data() + against.size();
        const auto read = std::from_chars(against.data(), end, request.stored_run);
        if (read.ec != std::errc() || read.ptr != end || request.stored_run < 1)
            throw Error(ErrorDetails{"", "", "--against", "'" + against + "'",
                                     "baseline or the number of a stored run", Fault::argument,
                                     "The value of --against cannot be used."});
    }
}

// Whether so many shall be measured: a typing error in a list costs hours.
bool wanted(std::uint64_t candidates, std::int64_t most) {
    if (candidates <= static_cast<std::uint64_t>(most)) return true;
    if (candidates <= kMostEver) {
        const auto answer = asked(fmt::format(
            "These lists make {} candidates, more than {}. Measure them all?", candidates, most));
        if (answer) return *answer;
    }
    ErrorDetails details{"",
                         "",
                         "--with",
                         fmt::format("{} candidates", candidates),
                         fmt::format("at most {} (--max-candidates)", most),
                         Fault::argument};
    details.summary = "The lists of values make too many candidates.";
    throw Error(std::move(details));
}

// The recipes that are measured; of several also what differs. False: they are not wanted.
bool choose_candidates(MeasureRequest& request, const MeasureOptions& options) {
    const Sweep sweep = options.common.sweep();
    if (sweep.options.empty()) {
        request.experiment.recipe = options.common.recipe();
        return true;
    }
    validated(sweep.base, builtin_registry());  // a conflict is told before a question is asked
    if (!wanted(sweep.candidates(), options.most_candidates)) return false;
    request.candidates = sweep.recipes(builtin_registry());
    request.swept = to_json(sweep.options);
    return true;
}

// As many sequences as the techniques need to show what they do: one workload for all candidates,
// so that they can be compared.
int concurrency_for(const MeasureRequest& request) {
    int wanted = sequences_wanted(request.experiment.recipe, builtin_registry());
    for (const Recipe& recipe : request.candidates)
        wanted = std::max(wanted, sequences_wanted(recipe, builtin_registry()));
    return wanted;
}

int measure_command(const MeasureOptions& options) {
    MeasureRequest request;
    request.experiment = {options.common.checkpoint, {}, options.workload, options.common.target()};
    if (!choose_candidates(request, options)) {
        tell("hone: nothing was measured");
        return kUnusable;
    }
    Workload& workload = request.experiment.workload;
    workload.concurrency =
        options.concurrency != 0 ? options.concurrency : concurrency_for(request);
    workload.text = options.texts.front();
    workload.more_texts.assign(options.texts.begin() + 1, options.texts.end());
    if (options.quick) workload.windows = kQuickWindows;
    // A bad field of the workload is an unusable argument: the same check as the worker's, before
    // anything starts.
    workload = workload_from_json(to_json(workload));
    request.accuracy_only = options.accuracy_only;
    request.trace = options.trace;
    request.calibrate = true;
    choose_against(request, options.against);
    profiler::Store store(store_path(options.common.store_file));
    const Interrupt interrupt;
    const MeasureResult result = measure(request, store, {}, observer_of_run(), interrupt.token());
    return report_measured(store, result, options.common.json);
}

void add_accuracy_options(CLI::App& app, MeasureOptions& options) {
    Workload& workload = options.workload;
    add_choice(app, "--protocol", workload.protocol, {"windows", "llama.cpp", "strided"},
               "windows (llama.cpp's: the second half of each window is scored) or strided "
               "(Hugging Face's)")
        .shows_default();
    add_whole(app, "--context", workload.context, {limits::kLeastContext, limits::kTokens},
              "Tokens a scored window")
        .shows_default();
    add_whole(app, "--stride", workload.stride, {1, limits::kTokens},
              "Tokens between windows (strided)")
        .shows_default();
    const Argument chunks = add_whole(app, "--chunks", workload.windows, {0, limits::kTokens},
                                      "Windows of each text to score at most; 0 scores all")
                                .shows_default();
    add_switch(app, "--quick", options.quick, "Score four windows of each text").rules_out(chunks);
    add_text(app, "--against", options.against,
             "Compare with: baseline, or the number of a stored run")
        .shown_as("baseline|RUN");
}

void add_candidates(CLI::App& app, MeasureOptions& options) {
    argument_of(app, "--with")
        .described_as(
            "Use a technique: ID, or ID.OPTION=VALUE; may be repeated. VALUE,VALUE,… measures each "
            "value, "
            "several "
            "such lists each combination. A comma of a value is written \\,");
    add_whole(app, "--max-candidates", options.most_candidates, {1, kMostEver},
              "Candidates that are measured without a question")
        .shows_default();
}

void finish(CLI::App* app, Commands& commands, const std::shared_ptr<MeasureOptions>& options) {
    commands.push_back({app, [options] {
                            if (options->workload.protocol == "llama.cpp")
                                options->workload.protocol = "windows";
                            return measure_command(*options);
                        }});
}

}  // namespace

void add_bench(CLI::App& app, Commands& commands) {
    const auto options = std::make_shared<MeasureOptions>();
    CLI::App* bench =
        add_command(app, "bench", "Measure speed, memory and accuracy, and store the run");
    options->common.add_to(*bench);
    Workload& workload = options->workload;
    add_whole(*bench, "--prompt", workload.prompt_tokens, {1, limits::kTokens},
              "Prompt tokens a sequence")
        .shows_default();
    add_text(*bench, "--prompt-lengths", workload.prompt_lengths,
             "fixed, or mixed:SEED for prompts from an eighth of --prompt to all of it")
        .shows_default();
    add_whole(*bench, "--generate", workload.generated_tokens, {1, limits::kTokens},
              "Tokens to generate a sequence")
        .shows_default();
    add_whole(*bench, "--concurrency", options->concurrency, {0, limits::kConcurrency},
              "Sequences; 0 takes one, or what the recipe's batches need")
        .shows_default();
    add_whole(*bench, "--repeat", workload.repetitions, {1, limits::kRepetitions},
              "Repetitions that count, at least")
        .shows_default();
    add_real(*bench, "--resolution", workload.resolution, 0, limits::kResolution,
             "Against a baseline: go on until the 99 % interval of the speeds' ratio reaches no "
             "further than "
             "this share to either side; 0 repeats exactly --repeat times")
        .shows_default();
    add_whole(*bench, "--seed", workload.seed, {0, limits::kSeed}, "Seed of prompts and sampling")
        .shows_default();
    add_texts(*bench, "--text", options->texts, "Texts for accuracy: bundled, none, or files")
        .shows_default();
    add_switch(*bench, "--trace", options->trace,
               "Record the operations of one more repetition, after the timed ones");
    add_accuracy_options(*bench, *options);
    add_candidates(*bench, *options);
    finish(bench, commands, options);
}

void add_eval(CLI::App& app, Commands& commands) {
    const auto options = std::make_shared<MeasureOptions>();
    options->accuracy_only = true;
    CLI::App* eval =
        add_command(app, "eval", "Measure perplexity, and KL divergence against the baseline");
    options->common.add_to(*eval);
    add_texts(*eval, "--text", options->texts, "Texts to score: bundled, or files").shows_default();
    add_accuracy_options(*eval, *options);
    add_candidates(*eval, *options);
    finish(eval, commands, options);
}

}  // namespace hone::cli
