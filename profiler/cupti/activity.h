// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

namespace hone::profiler {

enum class ActivityKind : std::uint8_t {
    kernel,
    copy,
    fill,
    memory,       // allocated or released
    synchronise,  // the host or a stream waited
    runtime_call,
    driver_call,
    overhead,    // CUPTI's own
    correlation  // says which external id was current where `correlation` was launched
};

enum class CopyDirection : std::uint8_t { none, to_device, to_host, on_device, between_devices, other };

// What CUPTI recorded, without its types. Times are nanoseconds of CUPTI's clock; −1 where they were not collected, never 0.
struct Activity {
    ActivityKind kind = ActivityKind::kernel;
    CopyDirection direction = CopyDirection::none;
    bool allocates = false;  // memory: allocated rather than released
    std::int64_t start = -1, end = -1;
    std::uint32_t correlation = 0;  // joins calls, kernels, copies
    std::uint64_t external = 0;     // correlation: the external id
    std::int32_t device = -1, stream = -1;
    std::int64_t bytes = 0;
    std::uint64_t address = 0;  // memory
    std::array<std::int32_t, 3> grid{}, block{};
    std::int32_t registers = 0, shared_bytes = 0;  // a thread; a block
    std::uint64_t graph_node = 0;                  // where a graph launched it, else 0
    std::int32_t call = 0;  // runtime_call, driver_call: CUPTI's number of the function
};

// `name` is a kernel's, mangled as CUPTI gives it; it is gone when the call returns.
using ActivitySink = std::function<void(const Activity& activity, std::string_view name)>;

struct ParsedBuffer {
    std::int64_t records = 0, skipped = 0;  // skipped: of kinds that nobody asked for
    bool complete = false;                  // read to its end, without an error
};

// cuptiActivityGetNextRecord, from wherever the library was loaded.
using NextActivity = int (*)(std::uint8_t* buffer, std::size_t valid_bytes, void** record);

// Reads a buffer that CUPTI filled. Structures are those of CUPTI 13.0; a later library appends to them, and what it appends is left alone.
ParsedBuffer parse_activities(NextActivity next, std::uint8_t* buffer, std::size_t valid_bytes,
                              const ActivitySink& sink);

}  // namespace hone::profiler
