// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "profiler/trace/activity.h"

namespace hone::profiler {

struct ParsedBuffer {
    std::int64_t records = 0, skipped = 0;  // skipped: of kinds that nobody asked for
    bool complete = false;                  // read to its end, without an error
};

// cuptiActivityGetNextRecord, from wherever the library was loaded.
using NextActivity = int (*)(std::uint8_t* buffer, std::size_t valid_bytes, void** record);

// Reads a buffer that CUPTI filled. Structures are those of CUPTI 13.0; a later library appends to
// them, and what it appends is left alone.
ParsedBuffer parse_activities(NextActivity next, std::uint8_t* buffer, std::size_t valid_bytes,
                              const ActivitySink& sink);

}  // namespace hone::profiler
