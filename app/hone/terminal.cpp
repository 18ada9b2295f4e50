// SPDX-License-Identifier: Apache-2.0
#include "app/hone/terminal.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "profiler/statistics/metrics.h"

namespace hone::cli {
namespace {

std::size_t width(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string with_thousands(std::string digits) {
    for (std::ptrdiff_t at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > (digits[0] == '-' ? 1 : 0);
         at -= 3)
        digits.insert(static_cast<std::size_t>(at), ",");
    return digits;
}

bool shows_progress() {
    return isatty(STDERR_FILENO) == 1;
}

}  // namespace

std::string number(double value) {
    if (!std::isfinite(value)) return "—";
    if (value == 0) return "0";
    const double magnitude = std::floor(std::log10(std::abs(value)));
    if (magnitude >= 2) return with_thousands(fmt::format("{:.0f}", value));
    if (magnitude < -4) return fmt::format("{:.2e}", value);
    return fmt::format("{:.{}f}", value, static_cast<int>(2 - magnitude));
}

std::string counted(std::int64_t n, std::string_view noun) {
    return fmt::format("{} {}{}", with_thousands(std::to_string(n)), noun, n == 1 ? "" : "s");
}

std::string bytes_text(double bytes) {
    constexpr const char* kUnits[] = {"B", "kB", "MB", "GB", "TB"};
    int unit = 0;
    while (std::abs(bytes) >= 1000 && unit < 4) {
        bytes /= 1000;
        ++unit;
    }
    return number(bytes) + " " + kUnits[unit];
}

std::string figure(const std::string& metric, double value) {
    const profiler::MetricDefinition* definition = profiler::find_metric(metric);
    const std::string_view unit = definition == nullptr ? std::string_view() : definition->unit;
    if (unit == "bytes") return bytes_text(value);
    if (unit == "B/s") return bytes_text(value) + "/s";
    if (unit == "share") return number(value * 100) + " %";
    if (unit == "s") return value < 1 ? number(value * 1000) + " ms" : number(value) + " s";
    return unit.empty() ? number(value) : number(value) + " " + std::string(unit);
}

std::string table(const std::vector<std::vector<std::string>>& rows) {
    std::vector<std::size_t> widths;
    for (const auto& row : rows) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
    }
    std::string text;
    for (const auto& row : rows) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            const std::string padding(widths[i] - width(row[i]), ' ');
            line += (i == 0 ? "" : "   ") + (i == 0 ? row[i] + padding : padding + row[i]);
        }
        text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
    }
    return text;
}

void print_json(const nlohmann::json& document) {
    print(document.dump(2) + "\n");
}

void print(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
}

Observer progress_observer(bool verbose) {
    Observer observer;
    if (shows_progress()) {
        observer.progress = [](const LiveProgress& progress) {
            std::string line = progress.phase;
            if (!progress.detail.empty()) line += " · " + progress.detail;
            if (progress.fraction >= 0) line = fmt::format("{:3.0f} %  {}", progress.fraction * 100, line);
            fmt::print(stderr, "\r\033[K{}", line);
            std::fflush(stderr);
        };
    }
    if (verbose) observer.log = [](std::string_view line) { fmt::print(stderr, "{}\n", line); };
    return observer;
}

void clear_progress() {
    if (shows_progress()) fmt::print(stderr, "\r\033[K");
}

}  // namespace hone::cli
