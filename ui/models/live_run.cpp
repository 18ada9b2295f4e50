// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/live_run.h"

#include <algorithm>
#include <cmath>

#include "profiler/report/shown_interval.h"
#include "profiler/statistics/metrics.h"

namespace hone::ui {

namespace {

LiveSample asLive(const profiler::Sample& sample, Side side) {
    LiveSample live;
    live.side = side;
    live.warmup = sample.kind == "warmup";
    live.index = sample.index;
    live.metrics = sample.values;
    if (!sample.detail.is_object()) return live;
    if (const auto times = sample.detail.find("token_times");
        times != sample.detail.end() && times->is_array())
        live.token_times = times->get<std::vector<std::vector<double>>>();
    if (const auto memory = sample.detail.find("memory");
        memory != sample.detail.end() && memory->is_object())
        for (const auto& [name, bytes] : memory->items())
            if (bytes.is_number()) live.memory[name] = bytes.get<std::int64_t>();
    return live;
}

}  // namespace

LiveSide& LiveRun::side(Side which, int candidate) {
    if (which == Side::baseline) return baseline;
    latest_ = static_cast<std::size_t>(candidate);
    if (candidates.size() <= latest_) candidates.resize(latest_ + 1);
    return candidates[latest_];
}

const LiveSide& LiveRun::latest() const {
    return latest_ < candidates.size() && !candidates[latest_].samples.empty() ? candidates[latest_]
                                                                               : baseline;
}

LiveSide::Line LiveSide::line(const std::string& metric) const {
    Line line;
    const auto warmups = static_cast<double>(std::count_if(
        samples.begin(), samples.end(), [](const LiveSample& s) { return s.warmup; }));
    std::vector<double> timed;
    for (const LiveSample& sample : samples) {
        const auto value = sample.metrics.find(metric);
        if (value == sample.metrics.end() || !std::isfinite(value->second)) continue;
        if (!sample.warmup) timed.push_back(value->second);
        const profiler::Summary summary = profiler::summarize(timed);
        // The interval of two values is some thirteen times as wide as they are apart: it would
        // hide all that follows.
        const bool interval = !sample.warmup && timed.size() > 2;
        line.x.push_back(sample.index + 1 - (sample.warmup ? warmups : 0));
        line.y.push_back(value->second);
        line.low.push_back(interval ? std::max(0.0, summary.low) : value->second);
        line.high.push_back(interval ? summary.high : value->second);
        line.warmup.push_back(sample.warmup);
    }
    return line;
}

LiveSide::Line LiveSide::accuracyLine(const std::string& metric) const {
    // An interval of two or three windows is so wide that it hides the line it is about.
    constexpr std::int64_t shownFrom = 4;
    Line line;
    for (const LiveAccuracy& point : accuracy) {
        const auto found = point.metrics.find(metric);
        if (found == point.metrics.end() || !std::isfinite(found->second.value)) continue;
        const profiler::Estimate& estimate = found->second;
        const profiler::ShownInterval shown = profiler::shown_interval(estimate);
        const bool interval = estimate.n >= shownFrom && shown.exists;
        line.x.push_back(point.window);
        line.y.push_back(estimate.value);
        line.low.push_back(interval ? shown.low : estimate.value);
        line.high.push_back(interval ? shown.high : estimate.value);
    }
    return line;
}

LiveSide replay(const std::vector<profiler::Sample>& samples, Side side) {
    LiveSide live;
    profiler::WindowTotals totals;
    int windows = 0;
    for (const profiler::Sample& sample : samples) {
        if (sample.kind != "accuracy") {
            live.samples.push_back(asLive(sample, side));
            continue;
        }
        totals.add(sample.values,
                   sample.detail.is_object() && sample.detail.value("compared", false));
        live.accuracy.push_back({side, ++windows, 0, totals.estimates()});
    }
    for (LiveAccuracy& point : live.accuracy) point.windows = windows;
    return live;
}

}  // namespace hone::ui
