// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/experiment/client/client.h"
#include "profiler/store/store.h"

namespace hone::ui {

// What a measurement has shown so far, of one side.
struct LiveSide {
    std::vector<LiveSample> samples;  // in the order they came, warm-up first
    std::vector<LiveAccuracy> accuracy;

    // Values of a metric along the repetitions, counted from 1 after the warm-up, which lies at
    // positions up to 0. The band is the 95 % interval of the mean of the timed repetitions so far,
    // from the third on.
    struct Line {
        std::vector<double> x, y, low, high;
        std::vector<bool> warmup;
    };
    Line line(const std::string& metric) const;
    // A metric of windows over those so far, with its interval once four windows are scored.
    Line accuracyLine(const std::string& metric) const;
};

struct LiveRun {
    LiveSide baseline;
    std::vector<LiveSide> candidates;

    // The baseline's side, or that candidate's.
    LiveSide& side(Side which, int candidate = 0);
    // What the charts show of one side alone: the candidate that was heard of last, or the baseline
    // without one.
    const LiveSide& latest() const;

private:
    std::size_t latest_ = 0;
};

// A stored run's samples as if they arrived now.
LiveSide replay(const std::vector<profiler::Sample>& samples, Side side);

}  // namespace hone::ui
