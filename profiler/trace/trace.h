// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "profiler/trace/counters.h"

namespace hone::profiler {

enum class Operation : std::uint8_t {
    embed,
    norm,
    linear,
    rope,
    remember,  // keys and values into the cache
    attention,
    gate,
    add,
    logits,  // the product with the output matrix
    sample,
    copy,      // of memory, by a device
    fill,      // of memory, by a device
    call,      // of the host into a device's runtime, a range that a library announced, or a wait
    overhead,  // the profiler's own
    unattributed,  // a device's work that belongs to no operation
};
inline constexpr std::array<std::string_view, 15> kOperationNames{
    "embed",  "norm",   "linear", "rope", "remember", "attention", "gate",        "add",
    "logits", "sample", "copy",   "fill", "call",     "overhead",  "unattributed"};
std::string_view operation_name(Operation operation);
Operation operation_of(std::string_view name);  // throws TraceError

enum class TracePhase : std::uint8_t { prefill, decode };
std::string_view phase_name(TracePhase phase);
TracePhase phase_of(std::string_view name);  // throws TraceError

// One timed operation. Bytes are those that must come from memory: stored weights for a product,
// the positions that the mask lets through for attention, inputs and outputs for the rest.
struct TraceEvent {
    std::int64_t start = 0, duration = 0;  // ns; from the trace's start
    std::int64_t bytes = 0, flops = 0;
    std::int32_t layer = -1;  // −1: of no layer
    std::uint16_t name = 0;   // index into Trace::names
    Operation operation = Operation::embed;
    TracePhase phase = TracePhase::prefill;
    std::int32_t track = 0;   // thread, or Trace::tracks' id
    std::int32_t launch = 0;  // 1 + index into Trace::launches; 0: no kernel
};
static_assert(sizeof(TraceEvent) == 48);

// How a kernel was started, and what it takes.
struct KernelLaunch {
    std::array<std::int32_t, 3> grid{}, block{};
    std::int32_t registers = 0, shared_bytes = 0;  // a thread; a block
    std::int32_t counters = 0;  // 1 + index into Trace::counters; 0: nothing was counted
    // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 takes the 0 of a comparison for a
    // pointer
    auto operator<=>(const KernelLaunch&) const = default;
};

enum class TrackKind : std::uint8_t {
    thread,    // operations of a CPU
    calls,     // what the host asked of a device's runtime
    stream,    // kernels of a device
    copies,    // copies and fills of a device
    profiler,  // the profiler's own overhead
    ranges,    // of the host, announced by libraries
    waits      // the host waited for a device
};
inline constexpr std::array<std::string_view, 7> kTrackKinds{
    "thread", "calls", "stream", "copies", "profiler", "ranges", "waits"};

struct TraceTrack {
    std::int32_t id = 0;
    TrackKind kind = TrackKind::thread;
    std::string name;
    bool operator==(const TraceTrack&) const = default;
};

// Bytes held from `time` (ns from the trace's start) on.
struct MemoryMoment {
    std::int64_t time = 0, bytes = 0;
    bool operator==(const MemoryMoment&) const = default;
};
// One class of memory over time, or all that a profiler saw.
struct MemoryLine {
    std::string name;
    std::vector<MemoryMoment> moments;  // by time
    bool seen = false;  // by the profiler: what the classes add up to, not one more of them
    bool operator==(const MemoryLine&) const = default;
};

// The line of all memory pools together.
inline constexpr std::string_view kMemoryPools = "memory pools";

// How far a device's trace can be trusted. Empty for traces of a CPU.
struct CudaTraceFacts {
    std::string device;   // its name
    std::string source;   // who recorded: "CUPTI 13.0.1" or "CUDA events"
    std::string problem;  // why no better source could; empty where there was nothing to wish for
    std::int64_t kernels = 0, launches = 0;  // kernels that were recorded, and that were launched
    std::int64_t lost_records = 0;           // that the profiler says it dropped
    std::int64_t unknown_times = 0;          // records without times: in no track
    std::int64_t kernel_time = 0,
                 attributed_time = 0;  // ns; of these, with layer, operation and phase
    std::int64_t clock_error = 0;      // ns: the fit of the two clocks is off by at most
    double peak_bandwidth = 0,
           peak_flops = 0;  // bytes/s, FLOP/s, measured on the device; 0: not known
    // How far the program's account of device memory and what the profiler saw lie apart at most,
    // in bytes; −1 where it saw none.
    std::int64_t memory_difference = -1;
    std::string counters_source;   // who read the hardware's counters; empty where none were read
    std::string counters_problem;  // why not; empty where they were, or nobody tried
    bool empty() const { return source.empty(); }
    bool operator==(const CudaTraceFacts&) const = default;
};

// What was counted of operations that are alike, in a pass of its own: the mean of `count`. An
// operation's name is the weight's, or its own.
struct OperationCounters {
    Operation operation = Operation::unattributed;
    TracePhase phase = TracePhase::prefill;
    std::int32_t layer = -1;
    std::string name;
    std::int64_t count = 0;
    HardwareCounters mean;
    bool operator==(const OperationCounters&) const = default;
};

struct Trace {
    std::vector<std::string> names;
    std::vector<TraceEvent> events;  // by start, without overlaps within a track
    std::int64_t dropped = 0;        // events that no room was left for
    std::vector<TraceTrack> tracks;  // where there is more than the threads of a CPU
    std::vector<KernelLaunch> launches;
    std::vector<MemoryLine> memory;
    std::vector<OperationCounters> counters;
    CudaTraceFacts device;
    double slowdown = 0;  // seconds a decoded token in this repetition, over those of the timed
                          // ones; 0: not known
    // What computed a processor's operations, by their name: instructions, type and kind, "AVX-512
    // Q4_0 product". A device's events are named by their kernels.
    std::map<std::string, std::string, std::less<>> kernels;
    const std::string& kernel_of(const std::string& name) const {
        const auto found = kernels.find(name);
        return found == kernels.end() ? name : found->second;
    }
};

// What of a trace is neither events nor names, as one JSON object; and back. Throws TraceError.
std::string details_of(const Trace& trace);
void set_details(Trace& trace, std::string_view details);

class TraceError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// The trace as a file of fixed records, in this machine's byte order. Throw TraceError naming the
// file.
void write_spool(const Trace& trace, const std::filesystem::path& path);
Trace read_spool(const std::filesystem::path& path);

}  // namespace hone::profiler
