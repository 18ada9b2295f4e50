// SPDX-License-Identifier: Apache-2.0
#pragma once

// The one entry of libhone_cuda.so: a table of C functions over plain data, so that neither
// exceptions nor standard-library types cross it. Whoever loads the plug-in asks for
// kHoneCudaVersion and gets null where it has another. kernels/cuda/device.h wraps it.

#include <cstddef>
#include <cstdint>

#include "kernels/cuda/kernel_id.h"
#include "kernels/cuda/plugin/dense_product.h"
#include "kernels/cuda/types.h"
#include "profiler/trace/activity.h"
#include "profiler/trace/counters.h"

namespace hone::cuda {

inline constexpr std::uint32_t kPluginVersion = 5;
inline constexpr char kPluginEntry[] = "hone_cuda_plugin";

// Why a call failed. `sticky`: the device's context is lost, and nothing more will work in this
// process.
struct PluginError {
    std::int32_t code = 0;  // cudaError_t
    bool sticky = false;
    char text[512] = {};
};

// What `multiply` returns of a product that the vendor's library has no algorithm for:
// CUBLAS_STATUS_NOT_SUPPORTED, as PluginError has it.
inline constexpr std::int32_t kNoAlgorithm = -15;

struct DeviceFacts {
    char name[256];
    char uuid[64];
    std::int32_t major, minor;  // compute capability
    std::int32_t processors;    // multiprocessors
    std::int32_t shared_bytes;  // that a block may have, opted in
    std::int64_t memory_bytes, l2_bytes;
    std::int32_t driver, runtime;  // 13000: 13.0
    std::int32_t clock_khz, memory_clock_khz, memory_bus_bits;
    bool mig;  // an instance of a divided device
};

// A library that is looked for at run time: its version, or why it cannot be used. One of the two
// is empty.
struct LibraryFacts {
    char version[64] = {};  // "2.28.9"
    char problem[512] = {};
};

// Who records a trace. Without `kernels` single kernels are not seen, only spans of the stream from
// mark to mark, by events: `problem` says why.
struct TraceStart {
    bool kernels = false;
    char source[64] = {};
    char problem[512] = {};
};

struct TraceEnd {
    std::int64_t graph_kernels = 0;  // of the graphs that were launched
    std::int64_t own_launches = 0;   // of kernels outside graphs, dense products aside
    std::int64_t lost_records = 0;
    char problem[512] = {};  // what could not be read; empty where all was
};

// Who reads the hardware's counters; where nobody can, `problem` says why.
struct CountersStart {
    bool counting = false;
    char source[64] = {};
    char problem[512] = {};
};

struct CountersEnd {
    std::int64_t lost = 0;   // operations whose counters could not be read
    char problem[512] = {};  // why counting ended early; empty where it did not
};

struct CountersSink {
    void* context = nullptr;
    void (*counted)(void* context, std::uint64_t mark,
                    const profiler::HardwareCounters* counters) = nullptr;
};

// Names are gone when the call returns.
struct TraceSink {
    void* context = nullptr;
    void (*record)(void* context, const profiler::Activity* activity, const char* name) = nullptr;
    void (*clock)(void* context, const profiler::ClockPair* pair) = nullptr;
};

struct PluginDevice;  // an open device: one context, one stream
struct PluginGraph;
struct PluginEvent;

// Every function returns 0, or a CUDA error's number with `error` filled in. Work is queued on the
// device's stream, in order, unless said otherwise.
struct PluginTable {
    std::uint32_t version;
    int (*device_count)(int* count, PluginError* error);
    // Makes no context: what is free is known of open devices only.
    int (*device_facts)(int index, DeviceFacts* facts, PluginError* error);
    // Loads NCCL where it is found, which takes no device, and asks for its version. Nothing else
    // calls it yet: one device needs none.
    void (*nccl)(LibraryFacts* facts);
    int (*open)(int index, PluginDevice** device, PluginError* error);
    void (*close)(PluginDevice* device);

    int (*allocate)(PluginDevice* device, std::size_t bytes, void** memory, PluginError* error);
    int (*release)(PluginDevice* device, void* memory, PluginError* error);
    // Memory of the host that copies need not be staged through.
    int (*allocate_host)(PluginDevice* device, std::size_t bytes, void** memory,
                         PluginError* error);
    int (*release_host)(PluginDevice* device, void* memory, PluginError* error);
    int (*free_bytes)(PluginDevice* device, std::int64_t* free, std::int64_t* total,
                      PluginError* error);

    int (*upload)(PluginDevice* device, void* to, const void* from, std::size_t bytes,
                  PluginError* error);
    int (*download)(PluginDevice* device, void* to, const void* from, std::size_t bytes,
                    PluginError* error);
    int (*copy)(PluginDevice* device, void* to, const void* from, std::size_t bytes,
                PluginError* error);
    int (*fill)(PluginDevice* device, void* memory, int byte, std::size_t bytes,
                PluginError* error);
    int (*synchronise)(PluginDevice* device, PluginError* error);

    int (*launch)(PluginDevice* device, KernelChoice kernel, Launch shape, const void* params,
                  std::size_t bytes, PluginError* error);
    // kNoAlgorithm where the library has none for such a product: nothing was queued, and the
    // device is as it was.
    int (*multiply)(PluginDevice* device, const DenseProduct* product, PluginError* error);

    // What is queued between the two becomes a graph instead of running.
    int (*begin_capture)(PluginDevice* device, PluginError* error);
    int (*end_capture)(PluginDevice* device, PluginGraph** graph, PluginError* error);
    int (*launch_graph)(PluginDevice* device, PluginGraph* graph, PluginError* error);
    void (*release_graph)(PluginGraph* graph);

    int (*make_event)(PluginDevice* device, PluginEvent** event, PluginError* error);
    int (*record_event)(PluginDevice* device, PluginEvent* event, PluginError* error);
    int (*milliseconds)(PluginEvent* begin, PluginEvent* end, float* milliseconds,
                        PluginError* error);
    void (*release_event)(PluginEvent* event);

    // Between the two, what the device does is recorded. What is queued belongs to the mark that
    // was set last; 0: to none.
    int (*begin_trace)(PluginDevice* device, TraceStart* start, PluginError* error);
    void (*mark)(PluginDevice* device, std::uint64_t mark);
    // Waits for the device. Ends the trace also where it fails.
    int (*end_trace)(PluginDevice* device, const TraceSink* sink, TraceEnd* end,
                     PluginError* error);

    // Between the two, the hardware's counters are read mark by mark, and the device waits at each:
    // nothing that is timed. Not while a trace is recorded, and without graphs. A refusal is no
    // error, but leaves `counting` false.
    int (*begin_counters)(PluginDevice* device, CountersStart* start, PluginError* error);
    // Waits for the device. Ends counting also where it fails.
    int (*end_counters)(PluginDevice* device, const CountersSink* sink, CountersEnd* end,
                        PluginError* error);
};

using PluginEntry = const PluginTable* (*)(std::uint32_t version);

}  // namespace hone::cuda
