// SPDX-License-Identifier: Apache-2.0
#include "profiler/report/text_forms.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string_view>

#include "engine/base/printable.h"
#include "profiler/report/shown_interval.h"

namespace hone::profiler {
namespace {

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

}  // namespace

// The shortest text that reads back as the same number; nothing where it is none.
std::string number_text(double value) {
    return std::isfinite(value) ? fmt::format("{}", value) : std::string();
}

std::string json_text(const nlohmann::json& value, int indent) {
    return value.dump(indent, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string csv_line(const Row& row) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) line += (i > 0 ? "," : "") + quoted(row[i]);
    return line + "\r\n";
}

// What Markdown, and the HTML in it, would take for something else than text. Underscores within
// words are text to every reader of tables.
std::string markdown_text(const std::string& text) {
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
    for (const std::string& cell : row) line += " " + markdown_text(cell) + " |";
    return line + "\n";
}

std::string html_text(const std::string& text) {
    std::string result;
    for (const char c : printable(text)) {
        switch (c) {
            case '&':
                result += "&amp;";
                break;
            case '<':
                result += "&lt;";
                break;
            case '>':
                result += "&gt;";
                break;
            case '"':
                result += "&quot;";
                break;
            case '\'':
                result += "&#39;";
                break;
            default:
                result += c;
        }
    }
    return result;
}

std::string unit_text(const MetricDefinition& metric) {
    return std::string(metric.unit == "bytes" ? "MB" : metric.unit);
}

std::string figure_text(const MetricDefinition& metric, const MetricValue& value) {
    const double scale = metric.unit == "bytes" ? 1e-6 : 1.0;
    std::string text = fmt::format("{:.4g}", value.value * scale);
    const ShownInterval interval = shown_interval(value);
    if (interval.exists)
        text += fmt::format(" ({:.4g}–{:.4g})", interval.low * scale, interval.high * scale);
    if (interval.too_few) text += fmt::format(" ({})", kTooFewSamples);
    return text;
}

}  // namespace hone::profiler
