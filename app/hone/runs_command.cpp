// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>

#include "app/hone/arguments.h"
#include "app/hone/command.h"
#include "app/hone/experiment_options.h"
#include "app/hone/interrupt.h"
#include "app/hone/kernel_table.h"
#include "app/hone/measured_report.h"
#include "app/hone/run_table.h"
#include "app/hone/terminal.h"
#include "engine/base/printable.h"
#include "engine/core/error.h"
#include "engine/core/replacing_stream.h"
#include "profiler/report/comparison_report.h"
#include "profiler/trace/chrome.h"

namespace hone::cli {
namespace {

constexpr std::int64_t kMostLayers = 1'000'000;

struct RunsOptions {
    std::filesystem::path store_file;
    bool json = false;
    std::vector<std::int64_t> runs;
    std::string format = "markdown", comparison_format = "table";
    std::filesystem::path out;
    bool overwrite = false;
    bool series = false;                  // of rerun: all of it
    std::string by = "operation", phase;  // of kernels
    int layer = -1;

    CLI::App* add(CLI::App& parent, const std::string& name, const std::string& help) {
        CLI::App* command = add_command(parent, name, help);
        add_path(*command, "--store", store_file, "Store of runs, instead of the usual one");
        add_switch(*command, "--json", json, "Print one JSON document and nothing else");
        return command;
    }
};

profiler::RunRecord loaded(const profiler::Store& store, std::int64_t id) {
    auto run = store.load(id);
    if (!run)
        throw Error(ErrorDetails{"", store.info().path.string(), "run", std::to_string(id),
                                 "the number of a stored run (hone runs list)"});
    return std::move(*run);
}

std::vector<profiler::RunRecord> chosen(const profiler::Store& store,
                                        const std::vector<std::int64_t>& ids) {
    if (ids.empty()) return store.list();
    std::vector<profiler::RunRecord> runs;
    runs.reserve(ids.size());
    for (const std::int64_t id : ids) runs.push_back(loaded(store, id));
    return runs;
}

nlohmann::json runs_json(const std::vector<profiler::RunRecord>& runs) {
    nlohmann::json json = nlohmann::json::array();
    for (const auto& run : runs) json.push_back(profiler::run_json(run));
    return {{"runs", json}};
}

int list_command(const RunsOptions& options) {
    const profiler::Store store(store_path(options.store_file));
    const auto runs = store.list();
    if (options.json)
        print_json(runs_json(runs));
    else
        print(runs.empty() ? "no runs yet: measure one with hone bench\n" : run_list(runs));
    return kDone;
}

int show_command(const RunsOptions& options) {
    const profiler::Store store(store_path(options.store_file));
    const auto runs = chosen(store, options.runs);
    if (options.json)
        print_json(runs_json(runs));
    else
        for (const auto& run : runs) print(run_table({run}, nullptr) + "\n");
    return kDone;
}

// With one run, "comparison" and what belongs to it; with several a list of them, each with its
// run.
nlohmann::json comparison_json(const profiler::ComparedRuns& compared) {
    std::vector<profiler::RunRecord> runs{compared.baseline};
    runs.insert(runs.end(), compared.runs.begin(), compared.runs.end());
    nlohmann::json document = runs_json(runs);
    if (compared.runs.size() == 1) {
        profiler::add_comparison(document, compared.comparisons[0]);
        return document;
    }
    for (std::size_t i = 0; i < compared.runs.size(); ++i) {
        nlohmann::json each{{"run", compared.runs[i].id}};
        profiler::add_comparison(each, compared.comparisons[i]);
        document["comparisons"].push_back(std::move(each));
    }
    document["warnings"] = profiler::warning_lines(compared.comparisons);
    return document;
}

std::string comparison_tables(const profiler::ComparedRuns& compared) {
    std::string text;
    for (std::size_t i = 0; i < compared.runs.size(); ++i)
        text += (i == 0 ? "" : "\n") +
                run_table({compared.baseline, compared.runs[i]}, &compared.comparisons[i]);
    return text;
}

std::string comparison_text(const profiler::ComparedRuns& compared, const std::string& format) {
    using Format = profiler::ComparisonFormat;
    if (format == "markdown") return comparison_report(compared, Format::markdown);
    if (format == "csv") return comparison_report(compared, Format::csv);
    if (format == "json") return comparison_report(compared, Format::json);
    if (format == "html") return comparison_report(compared, Format::html);
    return comparison_tables(compared);
}

int compare_command(const RunsOptions& options) {
    if (options.runs.size() < 2)
        throw Error(ErrorDetails{"", "", "RUN", std::to_string(options.runs.size()) + " values",
                                 "2 or more: the baseline, then what is compared with it",
                                 Fault::argument});
    const profiler::Store store(store_path(options.store_file));
    std::vector<profiler::RunRecord> runs = chosen(store, options.runs);
    const profiler::RunRecord baseline = runs.front();
    runs.erase(runs.begin());
    const profiler::ComparedRuns compared =
        profiler::compare_runs(store, baseline, std::move(runs));
    if (options.json)
        print_json(comparison_json(compared));
    else
        print(comparison_text(compared, options.comparison_format));
    return kDone;
}

MeasureRequest asked_again(const RunsOptions& options, const profiler::Store& store,
                           const profiler::RunRecord& earlier) {
    const auto& series = earlier.what.series;
    if (options.series && !series)
        throw Error(ErrorDetails{"", store.info().path.string(), "--series",
                                 fmt::format("run {}, which is of no series", earlier.id),
                                 "a run of a series", Fault::argument});
    if (options.series) return rerun_series_request(store, series->id, builtin_registry());
    const MeasureRequest request = rerun_request(earlier, builtin_registry());
    if (series)
        tell(fmt::format(
            "hone: run {} is of series {} and is measured alone{}; --series measures "
            "the whole series",
            earlier.id, series->id,
            request.against == MeasureRequest::Against::baseline ? ", against a baseline of its own"
                                                                 : ""));
    return request;
}

// A run that was measured alone is compared with its repetition; one that had a baseline has a new
// one.
int rerun_command(const RunsOptions& options) {
    profiler::Store store(store_path(options.store_file));
    const profiler::RunRecord earlier = loaded(store, options.runs.at(0));
    const MeasureRequest request = asked_again(options, store, earlier);
    check_threads(request.experiment.target.threads);
    const Interrupt interrupt;
    MeasureResult result = measure(request, store, {}, observer_of_run(), interrupt.token());
    if (result.status == "done" && result.comparisons.empty() && !options.series) {
        result.comparisons.push_back(
            profiler::compare(store, earlier, loaded(store, result.runs.back())));
        result.runs.insert(result.runs.begin(), earlier.id);
    }
    return report_measured(store, result, options.json);
}

int remove_command(const RunsOptions& options) {
    profiler::Store store(store_path(options.store_file));
    chosen(store, options.runs);  // names a number that is not there before anything is removed
    store.remove(options.runs);
    store.purge();
    if (options.json)
        print_json(nlohmann::json{{"removed", options.runs}});
    else
        print(fmt::format("removed {} run{}\n", options.runs.size(),
                          options.runs.size() == 1 ? "" : "s"));
    return kDone;
}

int export_command(const RunsOptions& options) {
    const profiler::Store store(store_path(options.store_file));
    using Format = profiler::ReportFormat;
    const Format format = options.json || options.format == "json" ? Format::json
                          : options.format == "csv"                ? Format::csv
                                                                   : Format::markdown;
    print(profiler::export_runs(store, chosen(store, options.runs), format));
    return kDone;
}

profiler::RunRecord traced_run(const profiler::Store& store, std::int64_t id) {
    profiler::RunRecord run = loaded(store, id);
    if (run.trace_events == 0)
        throw Error(ErrorDetails{"", store.info().path.string(),
                                 "trace of run " + std::to_string(run.id), "none",
                                 "a run measured with hone bench --trace"});
    return run;
}

// As write_replacing(), whose errors know the file and not which option named it.
std::filesystem::path written_trace(const RunsOptions& options, const profiler::RunRecord& run,
                                    const profiler::Trace& trace) {
    const Existing existing = options.overwrite ? Existing::replace : Existing::refuse;
    try {
        return write_replacing(options.out, existing, [&](std::ostream& file) {
            profiler::write_chrome_trace(trace, run.what.model_name + ", " + run.what.recipe_label,
                                         file);
        });
    } catch (const Error& error) {
        rethrow_naming("--out", error);
    }
}

int trace_command(const RunsOptions& options) {
    const profiler::Store store(store_path(options.store_file));
    const profiler::RunRecord run = traced_run(store, options.runs.at(0));
    const profiler::Trace trace = store.trace(run.id);
    const std::filesystem::path kept = written_trace(options, run, trace);
    if (!kept.empty())
        tell(fmt::format("What was there had changed meanwhile: it is kept as {}.",
                         printable(kept.string())));
    if (options.json)
        print_json(nlohmann::json{{"path", options.out.string()},
                                  {"events", trace.events.size()},
                                  {"dropped", trace.dropped}});
    else
        print(fmt::format(
            "{}: {} events; open it in ui.perfetto.dev\n{}", printable(options.out.string()),
            trace.events.size(),
            trace.slowdown > 0
                ? fmt::format("tracing: {:.3f} × the run's time a token\n", trace.slowdown)
                : ""));
    return kDone;
}

int kernels_command(const RunsOptions& options) {
    const profiler::Store store(store_path(options.store_file));
    const profiler::Trace trace = store.trace(traced_run(store, options.runs.at(0)).id);
    KernelTableOptions wanted;
    wanted.by = options.by == "layer"    ? profiler::GroupBy::layer
                : options.by == "kernel" ? profiler::GroupBy::kernel
                                         : profiler::GroupBy::operation;
    if (options.layer >= 0) wanted.filter.layer = options.layer;
    if (!options.phase.empty()) wanted.filter.phase = profiler::phase_of(options.phase);
    if (options.json)
        print_json(kernel_document(trace, wanted));
    else
        print(kernel_table(trace, wanted));
    return kDone;
}

}  // namespace

void add_runs(CLI::App& app, Commands& commands) {
    const auto options = std::make_shared<RunsOptions>();
    CLI::App* runs = add_command(app, "runs", "Look at stored runs");
    require_command(*runs);
    const auto add = [&](const std::string& name, const std::string& help,
                         int (*run)(const RunsOptions&)) {
        CLI::App* command = options->add(*runs, name, help);
        commands.push_back({command, [options, command, run] {
                                take_more_runs(*command, options->runs);
                                return run(*options);
                            }});
        return command;
    };
    add("list", "List the runs, newest first", list_command);
    add_many_runs_argument(*add("show", "Show runs with every figure", show_command), options->runs)
        .required();
    CLI::App* compare =
        add("compare", "Compare runs with another, which is named first", compare_command);
    add_many_runs_argument(*compare, options->runs).required();
    add_choice(*compare, "--format", options->comparison_format,
               {"table", "markdown", "csv", "json", "html"},
               "table, or a report: markdown, csv, json or html (one page with pictures)")
        .shows_default();
    CLI::App* rerun = add("rerun", "Measure a run's experiment again, as a new run", rerun_command);
    add_runs_argument(*rerun, options->runs).required().exactly(1);
    add_switch(*rerun, "--series", options->series,
               "Measure the whole series that the run is of, as a new series");
    add_many_runs_argument(*add("remove", "Delete runs for good", remove_command), options->runs)
        .required();
    CLI::App* trace =
        add("trace", "Write a run's trace in the format of Chrome and Perfetto", trace_command);
    add_runs_argument(*trace, options->runs).required().exactly(1);
    add_path(*trace, "--out", options->out, "JSON file to write").required();
    add_switch(*trace, "--overwrite", options->overwrite, "Replace the file if it exists");
    CLI::App* kernels =
        add("kernels", "Where a run's traced time went, by operation, kernel or layer",
            kernels_command);
    add_runs_argument(*kernels, options->runs).required().exactly(1);
    add_choice(*kernels, "--by", options->by, {"operation", "kernel", "layer"},
               "operation, kernel or layer")
        .shows_default();
    add_whole(*kernels, "--layer", options->layer, {0, kMostLayers}, "Only of this layer");
    add_choice(*kernels, "--phase", options->phase, {"prefill", "decode"},
               "Only of this phase: prefill or decode");
    CLI::App* command = add(
        "export", "Write runs (all where none is named) as csv, json or markdown", export_command);
    add_many_runs_argument(*command, options->runs);
    add_choice(*command, "--format", options->format, {"csv", "json", "markdown"},
               "csv, json or markdown")
        .shows_default();
}

}  // namespace hone::cli
