// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "profiler/report/comparison.h"
#include "profiler/report/shown_interval.h"

namespace hone::profiler {

// A compared metric as people read it: window, command line and exports take their texts from here,
// so that estimate and interval cannot point in different directions. Both are in the direction
// that the verdict's word names: of a time whose ratio is 0.62 with the interval 0.59–0.65 "1.61 ×
// faster" and "1.54–1.69 ×". The interval is the one that decides the verdict
// (kDecidingConfidence).
struct ShownRatio {
    enum class Form {
        none,
        factor,
        percent
    };                       // speeds are factors, all else is a change in percent
    Form form = Form::none;  // none: not comparable, `reason` says why
    std::string_view arrow;  // "▲" of faster, better, larger; "▼" of slower, worse, smaller; "●" of
                             // what cannot be told
    std::string word;                     // the verdict; empty where there is none
    bool good = false, bad = false;       // both false: cannot tell
    double value = 0, low = 0, high = 0;  // as shown: a factor, or per cent
    std::string estimate;  // "1.61 ×", "61.2 %"; "0.998 ×" and "+0.3 %" where it cannot be told
    std::string interval;  // "1.54–1.69 ×", "60.9–61.5 %", "−1.2 … +3.4 %"; empty where there is
                           // none, and kTooFewSamples where it would say nothing
    bool too_few = false;  // the latter
    std::string reason;    // why it is not comparable, or cannot be told; else empty
};

// Undecided speeds are shown as how many times as fast the candidate is, all else as by how much
// the figure is larger.
ShownRatio shown_ratio(const ComparedMetric& metric);

// "▲ 1.61 × faster", "▼ 61.2 % smaller", "● cannot tell", "not comparable"; empty without a
// verdict.
std::string verdict_phrase(const ShownRatio& shown);

// As short as a verdict with its interval can be: "▲ 1.54–1.69 × faster", "● 0.99–1.10 × cannot
// tell", "● cannot tell: too few samples". As verdict_phrase() where there is no interval.
std::string interval_phrase(const ShownRatio& shown);

}  // namespace hone::profiler
