// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <cstdint>
#include <vector>

namespace hone::ui {

// The part of a trace's time that is shown. Times in ns; it never leaves [0, whole) and never gets
// shorter than `shortest`.
class TimeWindow {
public:
    static constexpr double shortest = 200;  // the clock's own grain is some 20 ns

    explicit TimeWindow(double whole = 1);
    double begin() const { return begin_; }
    double end() const { return end_; }
    double length() const { return end_ - begin_; }
    double whole() const { return whole_; }
    bool fitsAll() const { return length() >= whole_ * (1 - 1e-9); }

    void fitAll() { set(0, whole_); }
    void set(double begin, double end);  // moved and widened as the limits demand
    // Shows `factor` times as much, `time` staying where it is.
    void zoom(double time, double factor);
    void pan(double by);
    // Shows [begin, end] with some room around it, a quarter of its length each side.
    void frame(double begin, double end);

private:
    double whole_, begin_ = 0, end_;
};

// A place on the time axis and what is written there.
struct TimeTick {
    double time = 0;  // ns
    QString label;    // "12.5 ms"
};
// Round times within [begin, end], `apart` ns or more from each other. All have one unit and as
// many decimals as the step needs.
std::vector<TimeTick> timeTicks(double begin, double end, double apart);

}  // namespace hone::ui
