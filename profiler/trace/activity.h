// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
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
    overhead,     // the profiler's own
    correlation,  // says which mark was current where `correlation` was launched
    graph_node,   // says which mark was current where `graph_node` was captured
    range,  // of the host, which a library announced by NVTX: begins (start) or ends (end); both
            // have one `correlation`
    pool,   // `bytes` is what the memory pool at `address` holds from now on
    span    // on the device from one mark to the next, where single kernels are not seen
};
inline constexpr std::array<std::string_view, 13> kActivityNames{
    "kernel",   "copy",        "fill",       "memory", "synchronise", "runtime_call", "driver_call",
    "overhead", "correlation", "graph_node", "range",  "pool",        "span"};

enum class CopyDirection : std::uint8_t {
    none,
    to_device,
    to_host,
    on_device,
    between_devices,
    other
};
inline constexpr std::array<std::string_view, 6> kCopyDirections{
    "", "to device", "to host", "on device", "between devices", "other"};

// What a device's profiler recorded, without its types. Times are nanoseconds of the profiler's
// clock; −1 where they were not collected, never 0.
struct Activity {
    ActivityKind kind = ActivityKind::kernel;
    CopyDirection direction = CopyDirection::none;
    bool allocates = false;  // memory: allocated rather than released
    std::int64_t start = -1, end = -1;
    std::uint32_t correlation = 0;  // joins calls, kernels, copies
    std::uint64_t mark = 0;         // correlation, graph_node, span: the id; 0: none
    std::int32_t device = -1, stream = -1;
    std::int64_t bytes = 0;
    std::uint64_t address = 0;  // memory
    std::array<std::int32_t, 3> grid{}, block{};
    std::int32_t registers = 0, shared_bytes = 0;  // a thread; a block
    std::uint64_t graph_node = 0;                  // where a graph launched it, else 0
    std::int32_t call = 0;  // runtime_call, driver_call: the profiler's number of the function

    bool operator==(const Activity&) const = default;
};

// `name` is a kernel's, a call's, a kind of overhead's or of wait's, as the profiler gives it
// (kernels mangled); it is gone when the call returns.
using ActivitySink = std::function<void(const Activity& activity, std::string_view name)>;

// The two clocks, read at the same time as nearly as can be: ns of the profiler's, ns of the host's
// steady clock.
struct ClockPair {
    std::int64_t device = 0, host = 0;
    bool operator==(const ClockPair&) const = default;
};

}  // namespace hone::profiler
