// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "profiler/statistics/metrics.h"
#include "profiler/store/store.h"

// Texts of the store in the forms of documents. They are anybody's, so that each is written as text
// of its form, whatever it looks like.
namespace hone::profiler {

using Row = std::vector<std::string>;

// The shortest text that reads back as the same number; nothing where it is none.
std::string number_text(double value);
std::string json_text(const nlohmann::json& value, int indent = -1);
// RFC 4180. What a program that shows tables would compute is made text by an apostrophe.
std::string csv_line(const Row& row);
std::string markdown_text(const std::string& text);  // on one line
std::string markdown_line(const Row& row);           // of a table
std::string html_text(const std::string& text);      // within elements and quoted attributes

// "101 (99.2–103)", "101 (too few samples)"; memory in MB, as the window and the command line show
// it.
std::string figure_text(const MetricDefinition& metric, const MetricValue& value);
std::string unit_text(const MetricDefinition& metric);  // of that: "MB", "tok/s"

}  // namespace hone::profiler
