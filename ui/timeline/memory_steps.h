// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "profiler/trace/trace.h"

namespace hone::ui {

// A trace's memory over time with what every class held at every change, so that a moment is one
// search, and a paint of ten thousand changes costs no more than its pixels.
class MemorySteps {
public:
    MemorySteps() = default;
    explicit MemorySteps(const profiler::Trace& trace);

    struct Line {
        std::string name;
        bool seen = false;               // by the profiler: never added to the classes
        std::vector<std::int64_t> held;  // bytes from times()[i] on
    };

    bool empty() const { return lines_.empty(); }
    std::span<const std::int64_t> times() const {
        return times_;
    }  // ns, increasing; the first is 0 or earlier
    const std::vector<Line>& lines() const { return lines_; }
    // Bytes of all classes together from times()[i] on, and when they were most.
    std::int64_t together(std::size_t i) const { return together_[i]; }
    std::int64_t mostTogether() const { return mostTogether_; }
    std::int64_t most() const {
        return most_;
    }                                   // of all classes together or of what the profiler saw
    std::size_t at(double time) const;  // the step that `time` lies in

private:
    std::vector<std::int64_t> times_;
    std::vector<Line> lines_;
    std::vector<std::int64_t> together_;
    std::int64_t mostTogether_ = 0, most_ = 0;
};

}  // namespace hone::ui
