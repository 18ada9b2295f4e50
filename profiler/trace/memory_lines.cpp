// SPDX-License-Identifier: Apache-2.0
#include "profiler/trace/memory_lines.h"

#include <algorithm>
#include <cstdlib>
#include <unordered_map>
#include <utility>

namespace hone::profiler {
namespace {

// The program notes an allocation when it has returned, the profiler when it happened: what differs
// for a shorter time than this, in ns, is one allocation on its way.
constexpr std::int64_t kSettled = 1'000'000;

// A moment for every change; what came before the trace counts at its start.
void change(MemoryLine& line, std::int64_t time, std::int64_t bytes) {
    time = std::max<std::int64_t>(time, 0);
    if (line.moments.empty()) line.moments.push_back({0, 0});
    const std::int64_t now = line.moments.back().bytes + bytes;
    if (line.moments.back().time == time)
        line.moments.back().bytes = now;
    else
        line.moments.push_back({time, now});
}

// All classes together against what the profiler saw: the largest difference that lasts, and the
// one at the end.
std::int64_t largest_difference(const std::vector<MemoryLine>& classes, const MemoryLine& seen) {
    std::vector<MemoryMoment> changes;  // of the difference, by time
    const auto add = [&changes](const MemoryLine& line, std::int64_t sign) {
        std::int64_t before = 0;
        for (const MemoryMoment& moment : line.moments)
            changes.push_back(
                {moment.time, sign * (moment.bytes - std::exchange(before, moment.bytes))});
    };
    for (const MemoryLine& line : classes) add(line, 1);
    add(seen, -1);
    std::stable_sort(changes.begin(), changes.end(),
                     [](const MemoryMoment& a, const MemoryMoment& b) { return a.time < b.time; });
    std::int64_t now = 0, most = 0;
    for (std::size_t i = 0; i < changes.size(); ++i) {
        now += changes[i].bytes;
        const bool lasts =
            i + 1 == changes.size() || changes[i + 1].time - changes[i].time >= kSettled;
        if (lasts) most = std::max<std::int64_t>(most, std::abs(now));
    }
    return most;
}

// All pools together.
MemoryLine pools(const CudaRecording& recording, const ClockFit& clock,
                 std::int64_t& unknown_times) {
    MemoryLine line{std::string(kMemoryPools), {}, true};
    std::unordered_map<std::uint64_t, std::int64_t> held;
    for (const auto& [activity, index] : recording.records) {
        if (activity.kind != ActivityKind::pool) continue;
        if (activity.start < 0) {
            ++unknown_times;
            continue;
        }
        const std::int64_t before = std::exchange(held[activity.address], activity.bytes);
        change(line, clock.host(activity.start) - recording.begin, activity.bytes - before);
    }
    return line;
}

}  // namespace

MemoryLines memory_lines(const CudaRecording& recording, const ClockFit& clock) {
    MemoryLines result;
    std::vector<MemoryLine> classes;
    for (const std::string& kind : recording.memory_classes) classes.push_back({kind, {}});
    MemoryLine seen{recording.source, {}, true};
    for (const MemoryChange& moment : recording.memory) {
        const std::int64_t time = moment.time - recording.begin;
        change(classes.at(moment.kind), time, moment.bytes);
        if (time < 0) change(seen, time, moment.bytes);  // the profiler was not there yet
    }
    bool any = false;
    for (const auto& [activity, index] : recording.records) {
        if (activity.kind != ActivityKind::memory) continue;
        if (activity.start < 0) {
            ++result.unknown_times;
            continue;
        }
        any = true;
        change(seen, clock.host(activity.start) - recording.begin,
               activity.allocates ? activity.bytes : -activity.bytes);
    }
    if (any) result.difference = largest_difference(classes, seen);
    for (MemoryLine& line : classes)
        if (!line.moments.empty()) result.lines.push_back(std::move(line));
    if (any) result.lines.push_back(std::move(seen));
    if (MemoryLine line = pools(recording, clock, result.unknown_times); !line.moments.empty())
        result.lines.push_back(std::move(line));
    return result;
}

}  // namespace hone::profiler
