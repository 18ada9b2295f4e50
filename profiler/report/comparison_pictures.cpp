// SPDX-License-Identifier: Apache-2.0
#include "profiler/report/comparison_pictures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "profiler/report/shown_interval.h"
#include "profiler/report/shown_ratio.h"
#include "profiler/report/text_forms.h"
#include "profiler/statistics/metrics.h"

namespace hone::profiler {
namespace {

// Pixels of a picture that is scaled to the page.
constexpr double kWidth = 860, kNames = 300, kFigures = 190, kRow = 22, kHeader = 26, kFoot = 26;
constexpr double kPlot = kWidth - kNames - kFigures;

struct Line {
    std::string name, words, tone;
    double value = 1, low = 1, high = 1;
    std::string group;  // a title above it, where it begins one
};

std::string begin(double height, std::string_view name) {
    return fmt::format(
        "<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\" "
        "xmlns=\"http://www.w3.org/2000/svg\">\n",
        kWidth, height, html_text(std::string(name)));
}

std::string text_at(double x, double y, std::string_view style, const std::string& words) {
    return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" class=\"{}\">{}</text>\n", x, y, style,
                       html_text(words));
}

std::string line_at(double x, double y, double to_x, double to_y, std::string_view style) {
    return fmt::format(
        "<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" class=\"{}\"/>\n", x, y,
        to_x, to_y, style);
}

// A name of any length in the room that there is.
std::string shortened(const std::string& name, std::size_t most) {
    std::size_t letters = 0;
    for (std::size_t at = 0; at < name.size(); ++at) {
        if ((static_cast<unsigned char>(name[at]) & 0xC0U) != 0x80U && ++letters > most)
            return name.substr(0, at) + "…";
    }
    return name;
}

std::string run_name(const RunRecord& run) {
    return shortened(
        fmt::format("{} {}", run.id,
                    run.what.recipe_label.empty() ? "baseline" : run.what.recipe_label),
        38);
}

std::vector<Line> ratio_lines(const ComparedRuns& compared) {
    std::vector<Line> lines;
    for (const MetricDefinition& metric : metric_definitions()) {
        bool first = true;
        for (std::size_t i = 0; i < compared.runs.size(); ++i)
            for (const ComparedMetric& each : compared.comparisons[i].metrics) {
                if (each.id != metric.id || !each.refusal.empty() || each.verdict.empty()) continue;
                const ShownRatio shown = shown_ratio(each);
                Line line{run_name(compared.runs[i]),
                          verdict_phrase(shown),
                          shown.good  ? "good"
                          : shown.bad ? "bad"
                                      : "open",
                          each.decides.value,
                          shown.too_few ? each.decides.value : each.decides.low,
                          shown.too_few ? each.decides.value : each.decides.high,
                          {}};
                if (std::exchange(first, false)) line.group = metric.title;
                lines.push_back(std::move(line));
            }
    }
    return lines;
}

// A logarithmic axis that 1 lies on.
struct Axis {
    double low, high;
    double x(double value) const {
        return kNames +
               kPlot * (std::log(value) - std::log(low)) / (std::log(high) - std::log(low));
    }
};

Axis axis_of(const std::vector<Line>& lines) {
    double low = 1, high = 1;
    for (const Line& line : lines) {
        low = std::min(low, line.low);
        high = std::max(high, line.high);
    }
    constexpr double kRoom = 1.06, kLeast = 1.05;
    return {std::min(low, 1 / kLeast) / kRoom, std::max(high, kLeast) * kRoom};
}

std::string ticks(const Axis& axis, double bottom) {
    std::string picture;
    double last = -1e9;
    for (const double value : {0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 0.8, 0.9, 1.0, 1.1, 1.2, 1.5, 2.0,
                               3.0, 5.0, 10.0, 20.0, 50.0, 100.0}) {
        if (value < axis.low || value > axis.high) continue;
        const double x = axis.x(value);
        constexpr double kApart = 34;
        const bool one = value == 1.0;
        picture += line_at(x, kHeader - 6, x, bottom, one ? "one" : "grid");
        if (x - last < kApart && !one) continue;
        picture += text_at(x, bottom + 16, "tick", fmt::format("{:g} ×", value));
        last = x;
    }
    return picture;
}

}  // namespace

std::string ratios_picture(const ComparedRuns& compared) {
    const std::vector<Line> lines = ratio_lines(compared);
    if (lines.empty()) return {};
    const auto groups = static_cast<double>(std::count_if(
        lines.begin(), lines.end(), [](const Line& line) { return !line.group.empty(); }));
    const double bottom = kHeader + kRow * (static_cast<double>(lines.size()) + groups);
    const Axis axis = axis_of(lines);
    std::string picture =
        begin(bottom + kFoot,
              fmt::format("Ratios of each metric to run {}'s", compared.baseline.id)) +
        text_at(kNames, 12, "axis", fmt::format("times run {}'s figure", compared.baseline.id)) +
        ticks(axis, bottom);
    double y = kHeader;
    for (const Line& line : lines) {
        if (!line.group.empty()) {
            picture += text_at(0, y + 15, "group", line.group);
            y += kRow;
        }
        const double middle = y + kRow / 2;
        picture += text_at(12, y + 15, "name", line.name);
        if (line.high > line.low)
            picture += line_at(axis.x(line.low), middle, axis.x(line.high), middle,
                               "interval " + line.tone);
        picture += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4.5\" class=\"{}\"/>\n",
                               axis.x(line.value), middle, line.tone);
        picture += text_at(kNames + kPlot + 10, y + 15, "words " + line.tone, line.words);
        y += kRow;
    }
    return picture + "</svg>\n";
}

std::string bars_picture(const ComparedRuns& compared, const MetricDefinition& metric) {
    struct Bar {
        const RunRecord* run;
        MetricValue value;
    };
    std::vector<Bar> bars;
    const auto add = [&bars, &metric](const RunRecord& run) {
        const auto found = run.metrics.find(std::string(metric.id));
        if (found != run.metrics.end() && found->second.value >= 0 &&
            std::isfinite(found->second.value))
            bars.push_back({&run, found->second});
    };
    add(compared.baseline);
    for (const RunRecord& run : compared.runs) add(run);
    if (bars.size() < 2) return {};
    double most = 0;
    for (const Bar& bar : bars)
        most = std::max({most, bar.value.value, shown_interval(bar.value).high});
    const double height = kRow * static_cast<double>(bars.size());
    const std::string unit = unit_text(metric);
    std::string picture = begin(height, fmt::format("{} of each run", metric.title));
    for (std::size_t i = 0; i < bars.size(); ++i) {
        const auto& [run, value] = bars[i];
        const double y = kRow * static_cast<double>(i), middle = y + kRow / 2;
        const auto x = [most](double of) { return kNames + (most > 0 ? kPlot * of / most : 0); };
        picture += text_at(12, y + 15, "name", run_name(*run));
        picture += fmt::format(
            "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"12\" class=\"{}\"/>\n",
            kNames, y + 5, x(value.value) - kNames,
            run->id == compared.baseline.id ? "baseline" : "run");
        const ShownInterval interval = shown_interval(value);
        if (interval.exists && interval.high > interval.low)
            picture += line_at(x(interval.low), middle, x(interval.high), middle, "whisker");
        picture += text_at(kNames + kPlot + 10, y + 15, "words",
                           figure_text(metric, value) + (unit.empty() ? "" : " " + unit));
    }
    return picture + "</svg>\n";
}

}  // namespace hone::profiler
