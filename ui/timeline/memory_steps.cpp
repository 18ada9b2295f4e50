// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/timeline/memory_steps.h"

#include <algorithm>

namespace hone::ui {

using profiler::MemoryLine;
using profiler::MemoryMoment;

namespace {

// What a line held from each of `times` on; nothing before its first moment.
std::vector<std::int64_t> heldAt(const MemoryLine& line, std::span<const std::int64_t> times) {
    std::vector<std::int64_t> held;
    held.reserve(times.size());
    std::size_t next = 0;
    std::int64_t now = 0;
    for (const std::int64_t time : times) {
        while (next < line.moments.size() && line.moments[next].time <= time)
            now = line.moments[next++].bytes;
        held.push_back(now);
    }
    return held;
}

}  // namespace

MemorySteps::MemorySteps(const profiler::Trace& trace) {
    if (trace.memory.empty()) return;
    times_.push_back(0);
    for (const MemoryLine& line : trace.memory)
        for (const MemoryMoment& moment : line.moments) times_.push_back(moment.time);
    std::sort(times_.begin(), times_.end());
    times_.erase(std::unique(times_.begin(), times_.end()), times_.end());
    together_.resize(times_.size());
    for (const MemoryLine& line : trace.memory) {
        lines_.push_back({line.name, line.seen, heldAt(line, times_)});
        const Line& added = lines_.back();
        for (std::size_t i = 0; i < times_.size(); ++i) {
            if (!added.seen) together_[i] += added.held[i];
            most_ = std::max(most_, added.held[i]);
        }
    }
    mostTogether_ = *std::max_element(together_.begin(), together_.end());
    most_ = std::max(most_, mostTogether_);
}

std::size_t MemorySteps::at(double time) const {
    const auto after = std::upper_bound(
        times_.begin(), times_.end(), time,
        [](double wanted, std::int64_t step) { return wanted < static_cast<double>(step); });
    return after == times_.begin() ? 0 : static_cast<std::size_t>(after - times_.begin() - 1);
}

}  // namespace hone::ui
