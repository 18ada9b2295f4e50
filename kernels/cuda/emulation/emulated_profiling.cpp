// SPDX-License-Identifier: Apache-2.0
// The emulated device's traces and counters.
#include <cstdio>
#include <cstdlib>

#include "kernels/cuda/emulation/emulated_device.h"
#include "kernels/cuda/emulation/emulated_plugin.h"

namespace hone::cuda::emulation {

using profiler::Activity;
using profiler::ActivityKind;

namespace {

// Set and not empty: why counters cannot be read.
const char* counters_refusal() {
    const char* const asked = std::getenv("HONE_EMULATED_COUNTERS_REFUSED");
    return asked != nullptr && *asked != '\0' ? asked : nullptr;
}

bool& kernels_are_traced() {
    static bool traced = true;
    return traced;
}

// The device's clock is another than the host's: it began long ago.
constexpr std::int64_t kClockOffset = 1'000'000'000'000;
std::int64_t device_now() {
    return steady_now() + kClockOffset;
}

profiler::ClockPair clock_pair() {
    const std::int64_t host = steady_now();
    return {host + kClockOffset, host};
}

// The call that asks for work, which carries the mark.
std::uint32_t record_call(PluginDevice* device, const char* name, std::int64_t start) {
    const std::uint32_t correlation = ++device->correlations;
    Activity call;
    call.kind = ActivityKind::runtime_call;
    call.correlation = correlation;
    call.start = start;
    call.end = device_now();
    device->records.emplace_back(call, name);
    if (device->mark == 0) return correlation;
    Activity mark;
    mark.kind = ActivityKind::correlation;
    mark.correlation = correlation;
    mark.mark = device->mark;
    device->records.emplace_back(mark, "");
    return correlation;
}

void run_traced(PluginDevice* device, const EmulatedWork& work, std::uint32_t correlation) {
    Activity activity = work.activity;
    activity.start = device_now();
    work.run();
    activity.end = device_now();
    activity.correlation = correlation;
    activity.device = 0;
    activity.stream = 7;
    device->records.emplace_back(activity, work.name);
}

const char* call_of(ActivityKind kind) {
    return kind == ActivityKind::kernel ? "cudaLaunchKernel"
           : kind == ActivityKind::copy ? "cudaMemcpyAsync"
                                        : "cudaMemsetAsync";
}

}  // namespace

void capture_traced(PluginDevice* device, EmulatedWork& work) {
    Activity node;
    node.kind = ActivityKind::graph_node;
    node.graph_node = work.activity.graph_node = ++device->nodes;
    node.mark = device->mark;
    device->records.emplace_back(node, "");
    record_call(device, call_of(work.activity.kind),
                device_now());  // CUPTI sees the call all the same
}

void run_launched(PluginDevice* device, const EmulatedWork& work) {
    const std::int64_t start = device_now();
    if (work.activity.kind == ActivityKind::kernel && work.activity.grid[0] > 0)
        ++device->traced.own_launches;
    run_traced(device, work, record_call(device, call_of(work.activity.kind), start));
}

void run_graph_traced(PluginDevice* device, const std::vector<EmulatedWork>& all) {
    const std::uint32_t correlation = record_call(device, "cudaGraphLaunch", device_now());
    for (const EmulatedWork& work : all) {
        device->traced.graph_kernels += work.activity.kind == ActivityKind::kernel ? 1 : 0;
        run_traced(device, work, correlation);
    }
}

void record_memory(PluginDevice* device, const void* memory, std::int64_t bytes, bool allocates) {
    if (!device->tracing || !device->kernels) return;
    Activity activity;
    activity.kind = ActivityKind::memory;
    activity.allocates = allocates;
    activity.start = activity.end = device_now();
    activity.bytes = bytes;
    activity.address = reinterpret_cast<std::uintptr_t>(memory);
    device->records.emplace_back(activity, "");
}

int begin_trace(PluginDevice* device, TraceStart* start, PluginError*) {
    device->tracing = true;
    device->kernels = start->kernels = kernels_are_traced();
    std::snprintf(start->source, sizeof start->source, "%s",
                  device->kernels ? "emulation" : "emulated events");
    if (!device->kernels)
        std::snprintf(start->problem, sizeof start->problem,
                      "single kernels are not traced: a test asked for that");
    device->records.clear();
    device->clock = {clock_pair()};
    device->mark = device->nodes = 0;
    device->correlations = 0;
    device->traced = {};
    device->span_begin = device_now();
    return 0;
}

void mark(PluginDevice* device, std::uint64_t mark) {
    if (device->tracing && !device->kernels && device->capture == nullptr) {
        const std::int64_t now = device_now();
        if (device->mark != 0) {
            Activity span;
            span.kind = ActivityKind::span;
            span.device = span.stream = 0;
            span.mark = device->mark;
            span.start = device->span_begin;
            span.end = now;
            device->records.emplace_back(span, "");
        }
        device->span_begin = now;
    }
    // Figures that differ from the formulas' and from operation to operation, and mean nothing.
    if (device->counting && device->mark != 0) {
        const auto work = static_cast<double>(device->counted_work);
        device->counted.emplace_back(
            device->mark,
            profiler::HardwareCounters{4096 * work, 1024 * work, 0.25, 0.5, 1000 * work});
    }
    device->counted_work = 0;
    device->mark = mark;
}

int end_trace(PluginDevice* device, const TraceSink* sink, TraceEnd* end, PluginError*) {
    mark(device, 0);
    device->tracing = false;
    device->clock.push_back(clock_pair());
    for (const auto& [activity, name] : device->records)
        sink->record(sink->context, &activity, name.c_str());
    for (const profiler::ClockPair& pair : device->clock) sink->clock(sink->context, &pair);
    *end = device->traced;
    device->records.clear();
    return 0;
}

int begin_counters(PluginDevice* device, CountersStart* start, PluginError*) {
    std::snprintf(start->source, sizeof start->source, "emulation");
    const char* const refusal =
        device->tracing ? "counters are not read while a trace is recorded" : counters_refusal();
    if (refusal != nullptr) std::snprintf(start->problem, sizeof start->problem, "%s", refusal);
    device->counting = start->counting = refusal == nullptr;
    device->counted.clear();
    device->mark = 0;
    return 0;
}

int end_counters(PluginDevice* device, const CountersSink* sink, CountersEnd*, PluginError*) {
    mark(device, 0);
    device->counting = false;
    for (const auto& [mark, counters] : device->counted)
        sink->counted(sink->context, mark, &counters);
    device->counted.clear();
    return 0;
}

void trace_kernels(bool kernels) {
    kernels_are_traced() = kernels;
}

}  // namespace hone::cuda::emulation
