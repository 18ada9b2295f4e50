// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "profiler/trace/kernel_table.h"

namespace hone::cli {

struct KernelTableOptions {
    profiler::GroupBy by = profiler::GroupBy::operation;
    profiler::TraceFilter filter;
};

// A row a group, and below what is to be known of a device's trace.
std::string kernel_table(const profiler::Trace& trace, const KernelTableOptions& options);

// {"groups": [{"name", "operation", "layer", "count", "nanoseconds", "bytes", "flops", "share",
// "share_of_peak", "launch"}], "device": {…} or null}
nlohmann::json kernel_document(const profiler::Trace& trace, const KernelTableOptions& options);

}  // namespace hone::cli
