// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <iosfwd>
#include <string_view>

#include "profiler/trace/trace.h"

namespace hone::profiler {

// Writes the trace event format that chrome://tracing and ui.perfetto.dev load: complete events
// ("X") in µs, one thread a track, phase as the category, layer, bytes and FLOPs as arguments.
// Streamed: nothing is held but one line.
void write_chrome_trace(const Trace& trace, std::string_view title, std::ostream& out);

}  // namespace hone::profiler
