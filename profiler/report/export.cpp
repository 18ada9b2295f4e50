// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string_view>

#include "engine/base/printable.h"
#include "profiler/report/comparison.h"
#include "profiler/report/shown_interval.h"
#include "profiler/statistics/metrics.h"

namespace hone::profiler {
namespace {

using Json = nlohmann::json;
using Row = std::vector<std::string>;

constexpr std::array kMemoryClasses{"weights", "kv_cache",    "activations",  "workspace",
                                    "runtime", "unaccounted", "peak_resident"};
constexpr std::array kWorkloadFields{
    "prompt_tokens", "generated_tokens", "concurrency", "repetitions", "seed",
    "text",          "protocol",         "context",     "stride",      "windows"};

std::string text_of(const Json& object, const char* key) {
    if (!object.is_object() || !object.contains(key) || object[key].is_null()) return {};
    return object[key].is_string() ? object[key].get<std::string>() : object[key].dump();
}

std::string json_text(const Json& value, int indent = -1) {
    return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

// The shortest text that reads back as the same number; nothing where it is none.
std::string number(double value) {
    return std::isfinite(value) ? fmt::format("{}", value) : std::string();
}

// "1.5", "-3e7": what number() and JSON write.
bool is_number(const std::string& field) {
    const char* const end = field.data() + field.size();
    double value = 0;
    const auto [read, problem] = std::from_chars(field.data(), end, value);
    return problem == std::errc() && read == end && std::isfinite(value);
}

// Programs that show tables compute a cell that begins like this; an apostrophe before it makes it
// text in all of them. Not numbers.
std::string no_formula(const std::string& field) {
    constexpr std::string_view kStarts = "=+-@\t\r\n";
    if (field.empty() || kStarts.find(field[0]) == std::string_view::npos || is_number(field))
        return field;
    return "'" + field;
}

// printable() by lines: a note may have several, and they are text like any other in a quoted cell.
std::string printable_lines(const std::string& text) {
    std::string result;
    for (std::size_t at = 0; at <= text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        std::string_view line(text.data() + at, end - at);
        const bool both = end < text.size() && line.ends_with('\r');
        if (both) line.remove_suffix(1);
        result += printable(line);
        if (end < text.size()) result += both ? "\r\n" : "\n";
        at = end + 1;
    }
    return result;
}

std::string quoted(const std::string& text) {
    const std::string field = no_formula(printable_lines(text));
    if (field.find_first_of("\",\r\n") == std::string::npos && !field.starts_with(' ') &&
        !field.ends_with(' '))
        return field;
    std::string result = "\"";
    for (const char c : field) {
        if (c == '"') result += '"';
        result += c;
    }
    return result + '"';
}

std::string csv_line(const Row& row) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) line += (i > 0 ? "," : "") + quoted(row[i]);
    return line + "\r\n";
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
            number(run.duration_seconds),
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
        row.insert(row.end(), {number(value.value), number(value.low), number(value.high),
                               std::to_string(value.n)});
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

// What Markdown, and the HTML in it, would take for something else than text. Underscores within
// words are text to every reader of tables.
std::string escaped(const std::string& text) {
    constexpr std::string_view kMeaning = "|\\`*<>[]&~";
    std::string lines = text;
    std::replace_if(
        lines.begin(), lines.end(), [](char c) { return c == '\n' || c == '\r' || c == '\t'; },
        ' ');
    std::string result;
    for (const char c : printable(lines)) {
        if (kMeaning.find(c) != std::string_view::npos) result += '\\';
        result += c;
    }
    return result;
}

std::string markdown_line(const Row& row) {
    std::string line = "|";
    for (const std::string& cell : row) line += " " + escaped(cell) + " |";
    return line + "\n";
}

// "101 (99.2–103)", "101 (too few samples)"; memory in MB, as the window and the command line show
// it.
std::string figure_text(const MetricDefinition& metric, const MetricValue& value) {
    const double scale = metric.unit == "bytes" ? 1e-6 : 1.0;
    std::string text = fmt::format("{:.4g}", value.value * scale);
    const ShownInterval interval = shown_interval(value);
    if (interval.exists)
        text += fmt::format(" ({:.4g}–{:.4g})", interval.low * scale, interval.high * scale);
    if (interval.too_few) text += fmt::format(" ({})", kTooFewSamples);
    return text;
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
        const std::string unit(metric.unit == "bytes" ? "MB" : metric.unit);
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
