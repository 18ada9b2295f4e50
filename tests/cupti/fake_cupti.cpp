// SPDX-License-Identifier: Apache-2.0
// A libcupti that does what the environment asks of it: FAKE_CUPTI_VERSION, FAKE_CUPTI_SUBSCRIBE,
// FAKE_CUPTI_ENABLE, FAKE_CUPTI_AVAILABILITY and FAKE_CUPTI_START (statuses), FAKE_CUPTI_DROPPED,
// FAKE_CUPTI_DAMAGED (records before the damage), FAKE_CUPTI_PASSES. Built a second time with
// FAKE_CUPTI_WITHOUT_SOME it lacks functions. A flush hands over one kernel, an overhead, and
// memory of devices 0 and 1 and of the host.
#include <cupti.h>
#include <cupti_profiler_host.h>
#include <cupti_profiler_target.h>
#include <cupti_range_profiler.h>
#include <cupti_target.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

int asked(const char* name, int otherwise) {
    const char* const value = std::getenv(name);
    return value == nullptr ? otherwise : std::atoi(value);
}

CUptiResult status(const char* name) {
    return static_cast<CUptiResult>(asked(name, CUPTI_SUCCESS));
}

CUpti_BuffersCallbackRequestFunc request = nullptr;
CUpti_BuffersCallbackCompleteFunc complete = nullptr;
std::vector<std::string> ranges;

template <typename Record>
void add(std::uint8_t* buffer, std::size_t& used, CUpti_ActivityKind kind, const Record& filled) {
    Record record = filled;
    record.kind = kind;
    std::memcpy(buffer + used, &record, sizeof record);
    used += sizeof record;
}

template <typename Record>
Record zeroed() {
    Record record;
    std::memset(&record, 0, sizeof record);
    return record;
}

std::size_t size_of(CUpti_ActivityKind kind) {
    switch (kind) {
        case CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL:
            return sizeof(CUpti_ActivityKernel10);
        case CUPTI_ACTIVITY_KIND_OVERHEAD:
            return sizeof(CUpti_ActivityOverhead3);
        default:
            return sizeof(CUpti_ActivityMemory4);
    }
}

}  // namespace

#pragma GCC visibility push(default)
extern "C" {

CUptiResult cuptiGetVersion(uint32_t* version) {
    *version = static_cast<uint32_t>(asked("FAKE_CUPTI_VERSION", 130001));
    return CUPTI_SUCCESS;
}
CUptiResult cuptiGetResultString(CUptiResult, const char** text) {
    *text = "a made-up error";
    return CUPTI_SUCCESS;
}
CUptiResult cuptiSubscribe_v2(CUpti_SubscriberHandle*, CUpti_CallbackFunc, void*,
                              CUpti_SubscriberParams* params) {
    const CUptiResult result = status("FAKE_CUPTI_SUBSCRIBE");
    if (result == CUPTI_ERROR_MULTIPLE_SUBSCRIBERS_NOT_SUPPORTED)
        std::snprintf(params->oldSubscriberName, params->oldSubscriberSize, "SomeProfiler");
    return result;
}
CUptiResult cuptiSubscribe(CUpti_SubscriberHandle*, CUpti_CallbackFunc, void*) {
    return status("FAKE_CUPTI_SUBSCRIBE");
}
CUptiResult cuptiUnsubscribe(CUpti_SubscriberHandle) {
    return CUPTI_SUCCESS;
}
CUptiResult cuptiEnableCallback(uint32_t, CUpti_SubscriberHandle, CUpti_CallbackDomain,
                                CUpti_CallbackId) {
    return CUPTI_SUCCESS;
}
CUptiResult cuptiActivityRegisterCallbacks(CUpti_BuffersCallbackRequestFunc ask,
                                           CUpti_BuffersCallbackCompleteFunc done) {
    request = ask;
    complete = done;
    return CUPTI_SUCCESS;
}
CUptiResult cuptiActivityEnable(CUpti_ActivityKind) {
    return status("FAKE_CUPTI_ENABLE");
}
CUptiResult cuptiActivityDisable(CUpti_ActivityKind) {
    return CUPTI_SUCCESS;
}
CUptiResult cuptiActivityFlushAll(uint32_t) {
    std::uint8_t* buffer = nullptr;
    std::size_t size = 0, most = 0, used = 0;
    request(&buffer, &size, &most);
    auto kernel = zeroed<CUpti_ActivityKernel10>();
    kernel.start = 100;
    kernel.end = 200;
    kernel.name = "some_kernel";
    add(buffer, used, CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL, kernel);
    auto overhead = zeroed<CUpti_ActivityOverhead3>();
    overhead.overheadKind = CUPTI_ACTIVITY_OVERHEAD_CUPTI_BUFFER_FLUSH;
    overhead.start = 201;
    overhead.end = 210;
    overhead.overheadData = std::malloc(16);  // the reader's to free
    add(buffer, used, CUPTI_ACTIVITY_KIND_OVERHEAD, overhead);
    auto memory = zeroed<CUpti_ActivityMemory4>();
    memory.memoryOperationType = CUPTI_ACTIVITY_MEMORY_OPERATION_TYPE_ALLOCATION;
    memory.memoryKind = CUPTI_ACTIVITY_MEMORY_KIND_DEVICE;
    memory.bytes = 4096;
    memory.timestamp = 300;
    for (const uint32_t device : {0U, 1U}) {
        memory.deviceId = device;
        add(buffer, used, CUPTI_ACTIVITY_KIND_MEMORY2, memory);
    }
    memory.memoryKind = CUPTI_ACTIVITY_MEMORY_KIND_PINNED;
    memory.deviceId = 0;
    add(buffer, used, CUPTI_ACTIVITY_KIND_MEMORY2, memory);
    complete(nullptr, 0, buffer, size, used);
    return CUPTI_SUCCESS;
}
CUptiResult cuptiActivityGetNextRecord(uint8_t* buffer, size_t valid, CUpti_Activity** record) {
    static int given = 0;
    if (*record == nullptr) given = 0;
    uint8_t* const next = *record == nullptr
                              ? buffer
                              : reinterpret_cast<uint8_t*>(*record) + size_of((*record)->kind);
    if (next >= buffer + valid) return CUPTI_ERROR_MAX_LIMIT_REACHED;
    if (given++ == asked("FAKE_CUPTI_DAMAGED", -1)) return CUPTI_ERROR_INVALID_KIND;
    *record = reinterpret_cast<CUpti_Activity*>(next);
    return CUPTI_SUCCESS;
}
CUptiResult cuptiActivityGetNumDroppedRecords(CUcontext, uint32_t, size_t* dropped) {
    *dropped = static_cast<size_t>(asked("FAKE_CUPTI_DROPPED", 0));
    return CUPTI_SUCCESS;
}
CUptiResult cuptiActivityPushExternalCorrelationId(CUpti_ExternalCorrelationKind, uint64_t) {
    return CUPTI_SUCCESS;
}
CUptiResult cuptiActivityPopExternalCorrelationId(CUpti_ExternalCorrelationKind, uint64_t*) {
    return CUPTI_SUCCESS;
}
CUptiResult cuptiGetTimestamp(uint64_t* timestamp) {
    *timestamp = 50;
    return CUPTI_SUCCESS;
}
#ifndef FAKE_CUPTI_WITHOUT_SOME
CUptiResult cuptiGetGraphNodeId(CUgraphNode, uint64_t*) {
    return CUPTI_ERROR_UNKNOWN;
}
CUptiResult cuptiRangeProfilerPushRange(CUpti_RangeProfiler_PushRange_Params* params) {
    ranges.emplace_back(params->pRangeName);
    return CUPTI_SUCCESS;
}
#endif
CUptiResult cuptiGetCallbackName(CUpti_CallbackDomain, uint32_t, const char** name) {
    *name = "someCall";
    return CUPTI_SUCCESS;
}

CUptiResult cuptiProfilerInitialize(CUpti_Profiler_Initialize_Params*) {
    return CUPTI_SUCCESS;
}
CUptiResult cuptiProfilerGetCounterAvailability(
    CUpti_Profiler_GetCounterAvailability_Params* params) {
    params->counterAvailabilityImageSize = 8;
    return status("FAKE_CUPTI_AVAILABILITY");
}
CUptiResult cuptiDeviceGetChipName(CUpti_Device_GetChipName_Params* params) {
    params->pChipName = "GH100";
    return CUPTI_SUCCESS;
}
CUptiResult cuptiProfilerHostInitialize(CUpti_Profiler_Host_Initialize_Params* params) {
    params->pHostObject = reinterpret_cast<CUpti_Profiler_Host_Object*>(&ranges);
    return CUPTI_SUCCESS;
}
CUptiResult cuptiProfilerHostDeinitialize(CUpti_Profiler_Host_Deinitialize_Params*) {
    return CUPTI_SUCCESS;
}
CUptiResult cuptiProfilerHostConfigAddMetrics(CUpti_Profiler_Host_ConfigAddMetrics_Params*) {
    return CUPTI_SUCCESS;
}
CUptiResult cuptiProfilerHostGetConfigImageSize(
    CUpti_Profiler_Host_GetConfigImageSize_Params* params) {
    params->configImageSize = 16;
    return CUPTI_SUCCESS;
}
CUptiResult cuptiProfilerHostGetConfigImage(CUpti_Profiler_Host_GetConfigImage_Params*) {
    return CUPTI_SUCCESS;
}
CUptiResult cuptiProfilerHostGetNumOfPasses(CUpti_Profiler_Host_GetNumOfPasses_Params* params) {
    params->numOfPasses = static_cast<size_t>(asked("FAKE_CUPTI_PASSES", 1));
    return CUPTI_SUCCESS;
}
// Read bytes are a thousand times the range's name.
CUptiResult cuptiProfilerHostEvaluateToGpuValues(
    CUpti_Profiler_Host_EvaluateToGpuValues_Params* params) {
    const double values[] = {1000.0 * std::stod(ranges[params->rangeIndex]), 500, 25, 50, 9000};
    for (size_t i = 0; i < params->numMetrics; ++i) params->pMetricValues[i] = values[i];
    return CUPTI_SUCCESS;
}
CUptiResult cuptiRangeProfilerEnable(CUpti_RangeProfiler_Enable_Params* params) {
    params->pRangeProfilerObject = reinterpret_cast<CUpti_RangeProfiler_Object*>(&ranges);
    return CUPTI_SUCCESS;
}
CUptiResult cuptiRangeProfilerDisable(CUpti_RangeProfiler_Disable_Params*) {
    return CUPTI_SUCCESS;
}
CUptiResult cuptiRangeProfilerGetCounterDataSize(
    CUpti_RangeProfiler_GetCounterDataSize_Params* params) {
    params->counterDataSize = 64;
    return CUPTI_SUCCESS;
}
CUptiResult cuptiRangeProfilerCounterDataImageInitialize(
    CUpti_RangeProfiler_CounterDataImage_Initialize_Params*) {
    ranges.clear();
    return CUPTI_SUCCESS;
}
CUptiResult cuptiRangeProfilerSetConfig(CUpti_RangeProfiler_SetConfig_Params*) {
    return CUPTI_SUCCESS;
}
CUptiResult cuptiRangeProfilerStart(CUpti_RangeProfiler_Start_Params*) {
    return status("FAKE_CUPTI_START");
}
CUptiResult cuptiRangeProfilerStop(CUpti_RangeProfiler_Stop_Params* params) {
    params->isAllPassSubmitted = 1;
    return CUPTI_SUCCESS;
}
CUptiResult cuptiRangeProfilerPopRange(CUpti_RangeProfiler_PopRange_Params*) {
    return CUPTI_SUCCESS;
}
CUptiResult cuptiRangeProfilerDecodeData(CUpti_RangeProfiler_DecodeData_Params* params) {
    params->numOfRangeDropped = static_cast<size_t>(asked("FAKE_CUPTI_DROPPED", 0));
    return CUPTI_SUCCESS;
}
CUptiResult cuptiRangeProfilerGetCounterDataInfo(
    CUpti_RangeProfiler_GetCounterDataInfo_Params* params) {
    params->numTotalRanges = ranges.size();
    return CUPTI_SUCCESS;
}
CUptiResult cuptiRangeProfilerCounterDataGetRangeInfo(
    CUpti_RangeProfiler_CounterData_GetRangeInfo_Params* params) {
    params->rangeName = ranges[params->rangeIndex].c_str();
    return CUPTI_SUCCESS;
}

}  // extern "C"
#pragma GCC visibility pop
