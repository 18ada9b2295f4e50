// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "profiler/statistics/statistics.h"

namespace hone::profiler {

// One metric's written definition: the single source for docs/metrics.md, tooltips and column headers.
struct MetricDefinition {
    std::string_view id;          // "decode_tokens_per_second"
    std::string_view title;       // "Decode"
    std::string_view unit;        // "tok/s", "s", "bytes", "nats", "", "share"
    std::string_view definition;  // one or two sentences
    Kind kind;
    Direction direction;
    // Only some runs have it (a baseline has no divergence from itself): that one run lacks it needs no explanation.
    bool of_some_runs = false;
    bool measured_once = false;  // a run: no interval, no verdict of its own
};

std::span<const MetricDefinition> metric_definitions();
const MetricDefinition* find_metric(std::string_view id);  // null where unknown

std::string metrics_markdown();  // docs/metrics.md

}  // namespace hone::profiler
