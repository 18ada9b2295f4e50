// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "profiler/trace/activity.h"
#include "profiler/trace/counters.h"
#include "profiler/trace/trace.h"

namespace hone::profiler {

// An operation as the host queued it. Its mark is 1 + its index: what the device does with that
// mark belongs to it.
struct QueuedOperation {
    Operation operation = Operation::unattributed;
    TracePhase phase = TracePhase::prefill;
    std::int32_t layer = -1;
    std::uint16_t name = 0;  // index into CudaRecording::operation_names
    std::int64_t bytes = 0, flops = 0;
    bool operator==(const QueuedOperation&) const = default;
};

// Operations that were captured into a graph. A later launch of the graph does `count` others, in
// the same order: the mark of the launch is the first of them.
struct CapturedOperations {
    std::uint64_t first = 0;  // mark
    std::int64_t count = 0;
    bool operator==(const CapturedOperations&) const = default;
};

// An operation of the pass that was counted, which is not the one that was traced.
struct CountedOperation {
    Operation operation = Operation::unattributed;
    TracePhase phase = TracePhase::prefill;
    std::int32_t layer = -1;
    std::string name;
    HardwareCounters counters;
    bool operator==(const CountedOperation&) const = default;
};

// What the program's own account of device memory says.
struct MemoryChange {
    std::int64_t time = 0;      // ns of the host's steady clock
    std::int64_t bytes = 0;     // more, or fewer where negative
    std::uint16_t kind = 0;     // index into CudaRecording::memory_classes
    std::uint64_t address = 0;  // of the allocation
    bool operator==(const MemoryChange&) const = default;
};

// One traced repetition on a device as it was recorded: all that a report is made from. Recorded
// once, it replays to the same report.
struct CudaRecording {
    struct Record {
        Activity activity;
        std::uint32_t name = 0;  // index into `names`
        bool operator==(const Record&) const = default;
    };
    std::string device, source, problem;  // see CudaTraceFacts
    std::int64_t begin = 0;               // ns of the host's steady clock: the trace's start
    std::vector<std::string> names;       // of kernels and calls
    std::vector<Record> records;
    std::vector<ClockPair> clock;
    std::vector<std::string> operation_names;
    std::vector<QueuedOperation> operations;
    std::vector<CapturedOperations> captures;  // by `first`
    std::int64_t graph_kernels = 0;            // that launches of graphs asked for
    std::int64_t own_launches = 0;             // of Hone's kernels outside graphs
    std::int64_t lost_records = 0;
    std::vector<std::string> memory_classes;
    std::vector<MemoryChange> memory;  // since the device was opened, by time
    double peak_bandwidth = 0, peak_flops = 0;
    std::string counters_source, counters_problem;  // see CudaTraceFacts
    std::vector<CountedOperation> counted;
    bool operator==(const CudaRecording&) const = default;
};

// Tracks of calls, waits, streams, copies and the profiler's overhead; every kernel with the layer,
// operation and phase that queued it. An operation's bytes and FLOPs go to the longest of its
// kernels. What was counted of operations like it goes there too. Records without times are counted
// and left out.
Trace cuda_trace(const CudaRecording& recording);

// A recording as lines of JSON: a header with the format's version, then a record a line. Version 1
// knows no counters. Throw TraceError naming the file.
void write_recording(const CudaRecording& recording, const std::string& path);
CudaRecording read_recording(const std::string& path);

}  // namespace hone::profiler
