// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "profiler/report/comparison.h"
#include "profiler/report/text_forms.h"
#include "profiler/statistics/metrics.h"

namespace hone::profiler {
namespace {

using Json = nlohmann::json;

constexpr std::array kMemoryClasses{"weights", "kv_cache",    "activations",  "workspace",
                                    "runtime", "unaccounted", "peak_resident"};
constexpr std::array kWorkloadFields{
    "prompt_tokens", "generated_tokens", "concurrency", "repetitions", "seed",
    "text",          "protocol",         "context",     "stride",      "windows"};

std::string text_of(const Json& object, const char* key) {
    if (!object.is_object() || !object.contains(key) || object[key].is_null()) return {};
    return object[key].is_string() ? object[key].get<std::string>() : object[key].dump();
}

Row csv_header() {
    Row row{"id",          "created", "status",  "reason", "duration_seconds", "side",
            "paired_with", "series",  "model",   "source", "model_hash",       "recipe",
            "label",       "device",  "threads", "cpu",    "hostname",         "starred",
            "tags",        "note",    "notes"};
    row.insert(row.end(), kWorkloadFields.begin(), kWorkloadFields.end());
    for (const MetricDefinition& metric : metric_definitions())
        for (const char* part : {"", "_low", "_high", "_n"})
            row.push_back(std::string(metric.id) + part);
    for (const char* name : kMemoryClasses) row.push_back(std::string("memory_") + name);
    return row;
}

Row csv_row(const RunRecord& run) {
    const NewRun& what = run.what;
    Row row{std::to_string(run.id),
            run.created,
            run.status,
            run.reason,
            number_text(run.duration_seconds),
            what.side,
            what.paired_with ? std::to_string(*what.paired_with) : std::string(),
            what.series ? std::to_string(what.series->id) : std::string(),
            what.model_name,
            what.model_source,
            what.model_hash,
            json_text(what.recipe),
            what.recipe_label,
            text_of(what.target, "device"),
            text_of(what.target, "threads"),
            text_of(what.environment, "cpu"),
            text_of(what.environment, "hostname"),
            run.starred ? "1" : "0",
            fmt::format("{}", fmt::join(run.tags, " ")),
            run.note,
            fmt::format("{}", fmt::join(run.notes_from_run, "; "))};
    for (const char* field : kWorkloadFields) row.push_back(text_of(what.workload, field));
    for (const MetricDefinition& metric : metric_definitions()) {
        const auto found = run.metrics.find(std::string(metric.id));
        if (found == run.metrics.end()) {
            row.insert(row.end(), 4, "");
            continue;
        }
        const MetricValue& value = found->second;
        row.insert(row.end(), {number_text(value.value), number_text(value.low),
                               number_text(value.high), std::to_string(value.n)});
    }
    for (const char* name : kMemoryClasses) {
        const auto found = run.memory.find(name);
        row.push_back(found == run.memory.end() ? "" : std::to_string(found->second));
    }
    return row;
}

std::string as_csv(const std::vector<RunRecord>& runs) {
    std::string text = csv_line(csv_header());
    for (const RunRecord& run : runs) text += csv_line(csv_row(run));
    return text;
}

std::string as_json(const Store& store, const std::vector<RunRecord>& runs) {
    Json list = Json::array();
    for (const RunRecord& run : runs) {
        Json json = run_json(run);
        json["samples"] = Json::array();
        try {
            for (const Sample& sample : store.samples(run.id))
                json["samples"].push_back({{"kind", sample.kind},
                                           {"index", sample.index},
                                           {"values", sample.values},
                                           {"detail", sample.detail}});
        } catch (const StoreError& error) {
            json["samples_problem"] = error.what();  // of this run; the others are written
        }
        list.push_back(std::move(json));
    }
    return json_text({{"runs", std::move(list)}}, 2) + "\n";
}

std::string as_markdown(const std::vector<RunRecord>& runs) {
    std::vector<const MetricDefinition*> shown;
    Row header{"run", "model", "recipe", "status", "when (UTC)"};
    for (const MetricDefinition& metric : metric_definitions()) {
        if (std::none_of(runs.begin(), runs.end(), [&](const RunRecord& run) {
                return run.metrics.contains(std::string(metric.id));
            }))
            continue;
        shown.push_back(&metric);
        const std::string unit = unit_text(metric);
        header.push_back(std::string(metric.title) + (unit.empty() ? "" : " (" + unit + ")"));
    }
    std::string text = markdown_line(header) + markdown_line(Row(header.size(), "---"));
    for (const RunRecord& run : runs) {
        Row row{std::to_string(run.id), run.what.model_name, run.what.recipe_label,
                run.reason.empty() ? run.status : run.status + ": " + run.reason, run.created};
        for (const MetricDefinition* metric : shown) {
            const auto found = run.metrics.find(std::string(metric->id));
            row.push_back(found == run.metrics.end() ? "" : figure_text(*metric, found->second));
        }
        text += markdown_line(row);
    }
    return text + "\nFigures in brackets are 95 % intervals.\n";
}

}  // namespace

std::string export_runs(const Store& store, const std::vector<RunRecord>& runs,
                        ReportFormat format) {
    switch (format) {
        case ReportFormat::json:
            return as_json(store, runs);
        case ReportFormat::csv:
            return as_csv(runs);
        case ReportFormat::markdown:
            return as_markdown(runs);
    }
    return {};
}

}  // namespace hone::profiler
