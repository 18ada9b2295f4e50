// SPDX-License-Identifier: Apache-2.0
// libhone_cuda.so's traces and counters.
#include <cublasLt.h>
#include <cuda_runtime.h>
#include <dlfcn.h>

#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "kernels/cuda/kernel_name.h"
#include "kernels/cuda/plugin/plugin_device.h"
#include "profiler/cupti/session.h"

namespace hone::cuda {

std::string library_folder() {
    Dl_info info{};
    if (dladdr(reinterpret_cast<const void*>(&cublasLtCreate), &info) == 0 ||
        info.dli_fname == nullptr)
        return {};
    const std::string path = info.dli_fname;
    return path.substr(0, path.rfind('/') == std::string::npos ? 0 : path.rfind('/'));
}

namespace {

void put(char (&to)[512], const std::string& text) {
    std::snprintf(to, sizeof to, "%s", text.c_str());
}

}  // namespace

// CUPTI where it can be had, else events. Nothing may throw into whoever loaded the plug-in.
int begin_trace(PluginDevice* device, TraceStart* start, PluginError* error) try {
    if (const int code =
            report(cudaStreamSynchronize(device->stream), "waiting for the device", error))
        return code;
    device->traced = {};
    auto& cupti = profiler::CuptiSession::instance();
    device->cupti = cupti.begin(library_folder());
    start->kernels = device->cupti;
    std::snprintf(start->source, sizeof start->source, "%s",
                  device->cupti ? cupti.version().c_str() : "CUDA events");
    put(start->problem, cupti.problem());
    if (device->cupti) return 0;
    device->spans = std::make_unique<EventSpans>();
    return report(device->spans->add(0, device->stream), "recording an event", error);
} catch (const std::exception& problem) {
    std::snprintf(error->text, sizeof error->text, "beginning to trace: %s", problem.what());
    return error->code = static_cast<std::int32_t>(cudaErrorUnknown);
}

void mark(PluginDevice* device, std::uint64_t mark) {
    if (device->cupti) profiler::CuptiSession::instance().mark(mark);
    if (device->spans != nullptr && !device->capturing &&
        cudaSetDevice(device->index) == cudaSuccess)
        device->spans->add(mark, device->stream);
    // A range takes what runs between its ends: nothing of its neighbours' may. What fails here
    // fails again in the next call.
    if (device->counters != nullptr && cudaStreamSynchronize(device->stream) == cudaSuccess)
        device->counters->mark(mark);
}

namespace {

void send(const TraceSink& sink, const profiler::Activity& activity, std::string_view name) {
    const bool kernel = activity.kind == profiler::ActivityKind::kernel;
    const std::string text = kernel ? readable_kernel_name(name) : std::string(name);
    sink.record(sink.context, &activity, text.c_str());
}

}  // namespace

int end_trace(PluginDevice* device, const TraceSink* sink, TraceEnd* end, PluginError* error) try {
    mark(device, 0);
    profiler::ClockPair met;
    int code = 0;
    if (device->spans != nullptr)
        code = report(device->spans->meet(device->stream, met), "timing events", error);
    if (code == 0)
        code = report(cudaStreamSynchronize(device->stream), "waiting for the device", error);
    auto& cupti = profiler::CuptiSession::instance();
    const bool recorded = std::exchange(device->cupti, false);
    const std::unique_ptr<EventSpans> spans = std::move(device->spans);
    if (recorded) {
        cupti.end(device->index, [sink](const profiler::Activity& activity, std::string_view name) {
            send(*sink, activity, name);
        });
        device->traced.lost_records = cupti.lost();
        put(device->traced.problem, cupti.problem());
        for (const profiler::ClockPair& pair : cupti.clock()) sink->clock(sink->context, &pair);
    } else if (spans != nullptr && code == 0) {
        spans->spans(device->index,
                     [sink](const profiler::Activity& span) { send(*sink, span, ""); });
        sink->clock(sink->context, &met);
    }
    *end = device->traced;
    return code;
} catch (const std::exception& problem) {
    std::snprintf(error->text, sizeof error->text, "ending a trace: %s", problem.what());
    return error->code = static_cast<std::int32_t>(cudaErrorUnknown);
}

namespace {

// The context that CUDA's runtime made for the device: CUPTI wants the driver's name for it. Null
// is what it takes for the current one.
void* current_context() {
    using Ask = int (*)(void**);
    void* entry = nullptr;
    void* context = nullptr;
    cudaDriverEntryPointQueryResult found{};
    constexpr unsigned kSince = 4000;
    if (cudaGetDriverEntryPointByVersion("cuCtxGetCurrent", &entry, kSince, cudaEnableDefault,
                                         &found) == cudaSuccess &&
        found == cudaDriverEntryPointSuccess)
        reinterpret_cast<Ask>(entry)(&context);
    return context;
}

}  // namespace

int begin_counters(PluginDevice* device, CountersStart* start, PluginError* error) try {
    if (const int code =
            report(cudaStreamSynchronize(device->stream), "waiting for the device", error))
        return code;
    auto counters = std::make_unique<profiler::CuptiCounters>();
    start->counting = counters->begin(library_folder(), static_cast<std::size_t>(device->index),
                                      current_context());
    std::snprintf(start->source, sizeof start->source, "%s", counters->version().c_str());
    put(start->problem, counters->problem());
    if (start->counting) device->counters = std::move(counters);
    return 0;
} catch (const std::exception& problem) {
    std::snprintf(error->text, sizeof error->text, "beginning to count: %s", problem.what());
    return error->code = static_cast<std::int32_t>(cudaErrorUnknown);
}

int end_counters(PluginDevice* device, const CountersSink* sink, CountersEnd* end,
                 PluginError* error) try {
    const std::unique_ptr<profiler::CuptiCounters> counters = std::move(device->counters);
    const int code = report(cudaStreamSynchronize(device->stream), "waiting for the device", error);
    if (counters == nullptr) return code;
    counters->end([sink](std::uint64_t mark, const profiler::HardwareCounters& counted) {
        sink->counted(sink->context, mark, &counted);
    });
    end->lost = counters->lost();
    put(end->problem, counters->problem());
    return code;
} catch (const std::exception& problem) {
    std::snprintf(error->text, sizeof error->text, "ending to count: %s", problem.what());
    return error->code = static_cast<std::int32_t>(cudaErrorUnknown);
}

}  // namespace hone::cuda
