// SPDX-License-Identifier: Apache-2.0
#include "profiler/cupti/activity.h"

#include <cupti_activity.h>

#include <cstdlib>

namespace hone::profiler {
namespace {

// Both 0: the time was not collected.
void set_times(Activity& activity, std::uint64_t start, std::uint64_t end) {
    if (start == 0 && end == 0) return;
    activity.start = static_cast<std::int64_t>(start);
    activity.end = static_cast<std::int64_t>(end);
}

CopyDirection direction_of(std::uint8_t kind) {
    switch (kind) {
        case CUPTI_ACTIVITY_MEMCPY_KIND_HTOD:
            return CopyDirection::to_device;
        case CUPTI_ACTIVITY_MEMCPY_KIND_DTOH:
            return CopyDirection::to_host;
        case CUPTI_ACTIVITY_MEMCPY_KIND_DTOD:
            return CopyDirection::on_device;
        case CUPTI_ACTIVITY_MEMCPY_KIND_PTOP:
            return CopyDirection::between_devices;
        default:
            return CopyDirection::other;
    }
}

template <typename Record>
Activity placed(ActivityKind kind, const Record& record) {
    Activity activity;
    activity.kind = kind;
    activity.correlation = record.correlationId;
    activity.device = static_cast<std::int32_t>(record.deviceId);
    activity.stream = static_cast<std::int32_t>(record.streamId);
    return activity;
}

void send(const CUpti_ActivityKernel10& record, const ActivitySink& sink) {
    Activity activity = placed(ActivityKind::kernel, record);
    set_times(activity, record.start, record.end);
    activity.grid = {record.gridX, record.gridY, record.gridZ};
    activity.block = {record.blockX, record.blockY, record.blockZ};
    activity.registers = record.registersPerThread;
    activity.shared_bytes = record.staticSharedMemory + record.dynamicSharedMemory;
    activity.graph_node = record.graphNodeId;
    sink(activity, record.name != nullptr ? record.name : "");
}

void send(const CUpti_ActivityMemcpy6& record, const ActivitySink& sink) {
    Activity activity = placed(ActivityKind::copy, record);
    set_times(activity, record.start, record.end);
    activity.direction = direction_of(record.copyKind);
    activity.bytes = static_cast<std::int64_t>(record.bytes);
    activity.graph_node = record.graphNodeId;
    sink(activity, "");
}

void send(const CUpti_ActivityMemcpyPtoP4& record, const ActivitySink& sink) {
    Activity activity = placed(ActivityKind::copy, record);
    set_times(activity, record.start, record.end);
    activity.direction = CopyDirection::between_devices;
    activity.bytes = static_cast<std::int64_t>(record.bytes);
    activity.graph_node = record.graphNodeId;
    sink(activity, "");
}

void send(const CUpti_ActivityMemset4& record, const ActivitySink& sink) {
    Activity activity = placed(ActivityKind::fill, record);
    set_times(activity, record.start, record.end);
    activity.bytes = static_cast<std::int64_t>(record.bytes);
    activity.graph_node = record.graphNodeId;
    sink(activity, "");
}

// Whether it is the device's own memory; what the host pins is not.
bool on_device(std::uint32_t kind) {
    return kind == CUPTI_ACTIVITY_MEMORY_KIND_DEVICE || kind == CUPTI_ACTIVITY_MEMORY_KIND_ARRAY ||
           kind == CUPTI_ACTIVITY_MEMORY_KIND_MANAGED ||
           kind == CUPTI_ACTIVITY_MEMORY_KIND_DEVICE_STATIC ||
           kind == CUPTI_ACTIVITY_MEMORY_KIND_MANAGED_STATIC;
}

void send(const CUpti_ActivityMemory4& record, const ActivitySink& sink) {
    if (!on_device(record.memoryKind)) return;
    Activity activity = placed(ActivityKind::memory, record);
    set_times(activity, record.timestamp, record.timestamp);
    activity.bytes = static_cast<std::int64_t>(record.bytes);
    activity.address = record.address;
    activity.allocates =
        record.memoryOperationType == CUPTI_ACTIVITY_MEMORY_OPERATION_TYPE_ALLOCATION;
    sink(activity, record.name != nullptr ? record.name : "");
}

const char* wait_name(CUpti_ActivitySynchronizationType type) {
    switch (type) {
        case CUPTI_ACTIVITY_SYNCHRONIZATION_TYPE_EVENT_SYNCHRONIZE:
            return "wait for an event";
        case CUPTI_ACTIVITY_SYNCHRONIZATION_TYPE_STREAM_WAIT_EVENT:
            return "a stream waits for an event";
        case CUPTI_ACTIVITY_SYNCHRONIZATION_TYPE_STREAM_SYNCHRONIZE:
            return "wait for a stream";
        case CUPTI_ACTIVITY_SYNCHRONIZATION_TYPE_CONTEXT_SYNCHRONIZE:
            return "wait for the device";
        default:
            return "wait";
    }
}

void send(const CUpti_ActivitySynchronization2& record, const ActivitySink& sink) {
    Activity activity;
    activity.kind = ActivityKind::synchronise;
    activity.correlation = record.correlationId;
    if (record.streamId != CUPTI_SYNCHRONIZATION_INVALID_VALUE)
        activity.stream = static_cast<std::int32_t>(record.streamId);
    set_times(activity, record.start, record.end);
    sink(activity, wait_name(record.type));
}

void send(const CUpti_ActivityAPI& record, ActivityKind kind, const ActivitySink& sink) {
    Activity activity;
    activity.kind = kind;
    activity.correlation = record.correlationId;
    activity.call = static_cast<std::int32_t>(record.cbid);
    set_times(activity, record.start, record.end);
    sink(activity, "");
}

const char* overhead_name(CUpti_ActivityOverheadKind kind) {
    switch (kind) {
        case CUPTI_ACTIVITY_OVERHEAD_DRIVER_COMPILER:
            return "driver compiles";
        case CUPTI_ACTIVITY_OVERHEAD_CUPTI_BUFFER_FLUSH:
            return "CUPTI flushes buffers";
        case CUPTI_ACTIVITY_OVERHEAD_CUPTI_INSTRUMENTATION:
            return "CUPTI instruments";
        case CUPTI_ACTIVITY_OVERHEAD_CUPTI_RESOURCE:
            return "CUPTI makes resources";
        case CUPTI_ACTIVITY_OVERHEAD_RUNTIME_TRIGGERED_MODULE_LOADING:
            return "runtime loads a module";
        case CUPTI_ACTIVITY_OVERHEAD_LAZY_FUNCTION_LOADING:
            return "runtime loads a function";
        case CUPTI_ACTIVITY_OVERHEAD_COMMAND_BUFFER_FULL:
            return "command buffer is full";
        case CUPTI_ACTIVITY_OVERHEAD_ACTIVITY_BUFFER_REQUEST:
            return "CUPTI asks for a buffer";
        case CUPTI_ACTIVITY_OVERHEAD_UVM_ACTIVITY_INIT:
            return "CUPTI watches managed memory";
        default:
            return "profiler's overhead";
    }
}

void send(const CUpti_ActivityOverhead3& record, const ActivitySink& sink) {
    Activity activity;
    activity.kind = ActivityKind::overhead;
    activity.correlation = record.correlationId;
    set_times(activity, record.start, record.end);
    sink(activity, overhead_name(record.overheadKind));
    std::free(record.overheadData);  // the client's, says cupti_activity.h
}

void send(const CUpti_ActivityExternalCorrelation& record, const ActivitySink& sink) {
    Activity activity;
    activity.kind = ActivityKind::correlation;
    activity.correlation = record.correlationId;
    activity.mark = record.externalId;
    sink(activity, "");
}

// The end of a range carries no name.
void send(const CUpti_ActivityMarker2& record, const ActivitySink& sink) {
    Activity activity;
    activity.kind = ActivityKind::range;
    activity.correlation = record.id;
    const auto time = record.timestamp == 0 ? -1 : static_cast<std::int64_t>(record.timestamp);
    if ((record.flags &
         (CUPTI_ACTIVITY_FLAG_MARKER_START | CUPTI_ACTIVITY_FLAG_MARKER_INSTANTANEOUS)) != 0)
        activity.start = time;
    if ((record.flags &
         (CUPTI_ACTIVITY_FLAG_MARKER_END | CUPTI_ACTIVITY_FLAG_MARKER_INSTANTANEOUS)) != 0)
        activity.end = time;
    sink(activity, record.name != nullptr ? record.name : "");
}

void send(const CUpti_ActivityMemoryPool3& record, const ActivitySink& sink) {
    Activity activity = {.kind = ActivityKind::pool};
    set_times(activity, record.timestamp, record.timestamp);
    activity.correlation = record.correlationId;
    activity.device = static_cast<std::int32_t>(record.deviceId);
    activity.address = record.address;
    const bool destroyed =
        record.memoryPoolOperationType == CUPTI_ACTIVITY_MEMORY_POOL_OPERATION_TYPE_DESTROYED;
    activity.bytes = destroyed ? 0 : static_cast<std::int64_t>(record.size);
    sink(activity, "");
}

template <typename Record>
const Record& as(const CUpti_Activity& record) {
    return reinterpret_cast<const Record&>(record);
}

// False for kinds that nobody asked for.
bool send(const CUpti_Activity& record, const ActivitySink& sink) {
    switch (record.kind) {
        case CUPTI_ACTIVITY_KIND_KERNEL:
        case CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL:
            send(as<CUpti_ActivityKernel10>(record), sink);
            return true;
        case CUPTI_ACTIVITY_KIND_MEMCPY:
            send(as<CUpti_ActivityMemcpy6>(record), sink);
            return true;
        case CUPTI_ACTIVITY_KIND_MEMCPY2:
            send(as<CUpti_ActivityMemcpyPtoP4>(record), sink);
            return true;
        case CUPTI_ACTIVITY_KIND_MEMSET:
            send(as<CUpti_ActivityMemset4>(record), sink);
            return true;
        case CUPTI_ACTIVITY_KIND_MEMORY2:
            send(as<CUpti_ActivityMemory4>(record), sink);
            return true;
        case CUPTI_ACTIVITY_KIND_SYNCHRONIZATION:
            send(as<CUpti_ActivitySynchronization2>(record), sink);
            return true;
        case CUPTI_ACTIVITY_KIND_RUNTIME:
            send(as<CUpti_ActivityAPI>(record), ActivityKind::runtime_call, sink);
            return true;
        case CUPTI_ACTIVITY_KIND_DRIVER:
            send(as<CUpti_ActivityAPI>(record), ActivityKind::driver_call, sink);
            return true;
        case CUPTI_ACTIVITY_KIND_OVERHEAD:
            send(as<CUpti_ActivityOverhead3>(record), sink);
            return true;
        case CUPTI_ACTIVITY_KIND_EXTERNAL_CORRELATION:
            send(as<CUpti_ActivityExternalCorrelation>(record), sink);
            return true;
        case CUPTI_ACTIVITY_KIND_MARKER:
            send(as<CUpti_ActivityMarker2>(record), sink);
            return true;
        case CUPTI_ACTIVITY_KIND_MEMORY_POOL:
            send(as<CUpti_ActivityMemoryPool3>(record), sink);
            return true;
        default:
            return false;
    }
}

}  // namespace

ParsedBuffer parse_activities(NextActivity next, std::uint8_t* buffer, std::size_t valid_bytes,
                              const ActivitySink& sink) {
    ParsedBuffer parsed;
    void* record = nullptr;
    if (valid_bytes == 0) parsed.complete = true;  // the library calls that an error
    while (valid_bytes > 0) {
        const int status = next(buffer, valid_bytes, &record);
        if (status != CUPTI_SUCCESS) {
            parsed.complete = status == CUPTI_ERROR_MAX_LIMIT_REACHED;
            return parsed;
        }
        ++parsed.records;
        if (!send(*static_cast<const CUpti_Activity*>(record), sink)) ++parsed.skipped;
    }
    return parsed;
}

}  // namespace hone::profiler
