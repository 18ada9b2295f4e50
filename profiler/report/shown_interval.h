// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "profiler/statistics/statistics.h"
#include "profiler/store/store.h"

namespace hone::profiler {

// What stands in the place of an interval that says nothing.
inline constexpr std::string_view kTooFewSamples = "too few samples";

// Whether an interval says how large its figure is. Student's t has one degree of freedom for two
// samples: their interval may be 2e-40–6e+39, which reads as if it had been found out. It says
// nothing where it reaches beyond three times the figure, or of three samples or fewer down to
// nothing. An interval without width says what its figure says.
bool says_how_large(double value, double low, double high, std::int64_t n);

// The 95 % interval of a figure as every text and chart shows it.
struct ShownInterval {
    bool exists = false;       // there is one to show
    bool too_few = false;      // kTooFewSamples is to be shown in its place
    double low = 0, high = 0;  // the figure twice where there is none; no figure is below 0
};
ShownInterval shown_interval(const Estimate& figure);
ShownInterval shown_interval(const MetricValue& figure);

}  // namespace hone::profiler
