// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "profiler/report/comparison_report.h"

// Pictures of a comparison as inline SVG, in classes that the page's style colours.
namespace hone::profiler {

// The ratio of each metric of each run to the baseline's, with the 99 % interval that decides, on a
// logarithmic axis; empty where nothing can be compared.
std::string ratios_picture(const ComparedRuns& compared);

// A metric's figure of the baseline and of each run as bars from nothing, with 95 % intervals;
// empty where fewer than two have it.
std::string bars_picture(const ComparedRuns& compared, const MetricDefinition& metric);

}  // namespace hone::profiler
