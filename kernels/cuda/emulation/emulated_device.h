// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the parts of the emulated plug-in share: the open device, and how its work is recorded.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "kernels/cuda/plugin/api.h"

namespace hone::cuda {

// What is queued, and how it shows in a trace; of a copy `bytes`, of a kernel its shape.
struct EmulatedWork {
    std::function<void()> run;
    profiler::Activity activity;
    std::string name;
};

struct PluginDevice {
    std::map<void*, std::int64_t> allocations;
    std::int64_t allocated = 0;
    std::vector<EmulatedWork>* capture = nullptr;
    // What was downloaded, and is there when the device has been waited for.
    std::vector<std::pair<void*, std::vector<std::byte>>> downloads;
    // A trace; records as CUPTI would write them.
    bool tracing = false, kernels = false;
    std::uint64_t mark = 0, nodes = 0;
    std::uint32_t correlations = 0;
    std::int64_t span_begin = 0;
    std::vector<std::pair<profiler::Activity, std::string>> records;
    std::vector<profiler::ClockPair> clock;
    TraceEnd traced;
    // While counters are read: what was invented for the marks so far.
    bool counting = false;
    std::int64_t counted_work = 0;  // under the mark
    std::vector<std::pair<std::uint64_t, profiler::HardwareCounters>> counted;
};

struct PluginGraph {
    std::vector<EmulatedWork> work;
};

struct PluginEvent {
    std::int64_t time = 0;  // ns of the host's steady clock
};

namespace emulation {

// Nanoseconds of the host's steady clock.
inline std::int64_t steady_now() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

// While kernels are traced: what CUPTI would write of work that a capture takes in, that runs, or
// that a graph runs.
void capture_traced(PluginDevice* device, EmulatedWork& work);
void run_launched(PluginDevice* device, const EmulatedWork& work);
void run_graph_traced(PluginDevice* device, const std::vector<EmulatedWork>& work);
void record_memory(PluginDevice* device, const void* memory, std::int64_t bytes, bool allocates);

// The table's entries of the same names.
int begin_trace(PluginDevice* device, TraceStart* start, PluginError* error);
void mark(PluginDevice* device, std::uint64_t mark);
int end_trace(PluginDevice* device, const TraceSink* sink, TraceEnd* end, PluginError* error);
int begin_counters(PluginDevice* device, CountersStart* start, PluginError* error);
int end_counters(PluginDevice* device, const CountersSink* sink, CountersEnd* end,
                 PluginError* error);

}  // namespace emulation
}  // namespace hone::cuda
