// SPDX-License-Identifier: Apache-2.0
// libhone_cuda.so: kernels/cuda/plugin/api.h on CUDA's runtime and cuBLASLt.
#include <cublasLt.h>
#include <cuda_runtime.h>
#include <dlfcn.h>

#include <cstdio>
#include <new>
#include <tuple>
#include <utility>
#include <vector>

#include "kernels/cuda/dispatch.cuh"
#include "kernels/cuda/kernel_name.h"
#include "kernels/cuda/plugin/api.h"
#include "kernels/cuda/plugin/nccl.h"
#include "kernels/cuda/plugin/plugin_device.h"
#include "kernels/cuda/plugin/sticky.h"

namespace hone::cuda {

namespace {

static_assert(is_sticky(cudaErrorECCUncorrectable) && is_sticky(cudaErrorNvlinkUncorrectable) &&
              is_sticky(cudaErrorIllegalAddress) && is_sticky(cudaErrorLaunchTimeout) &&
              is_sticky(cudaErrorAssert) && is_sticky(cudaErrorHardwareStackError) &&
              is_sticky(cudaErrorIllegalInstruction) && is_sticky(cudaErrorMisalignedAddress) &&
              is_sticky(cudaErrorInvalidAddressSpace) && is_sticky(cudaErrorInvalidPc) &&
              is_sticky(cudaErrorLaunchFailure) && is_sticky(cudaErrorContained) &&
              is_sticky(cudaErrorTensorMemoryLeak));

// CUDA's runtime says of a missing driver that it is too old.
int device_count(int* count, PluginError* error) {
    *count = 0;  // it stays untouched where there is no driver
    void* const driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
    if (driver == nullptr) {
        error->code = static_cast<std::int32_t>(cudaErrorInsufficientDriver);
        std::snprintf(
            error->text, sizeof error->text,
            "there is no NVIDIA driver: libcuda.so.1, which it installs, cannot be loaded (%s)",
            dlerror());
        return error->code;
    }
    const cudaError_t code = cudaGetDeviceCount(count);
    int is = 0, needed = 0;
    if (code != cudaErrorInsufficientDriver || cudaDriverGetVersion(&is) != cudaSuccess ||
        is == 0 || cudaRuntimeGetVersion(&needed) != cudaSuccess)
        return report(code, "counting devices", error);
    error->code = static_cast<std::int32_t>(code);
    std::snprintf(error->text, sizeof error->text,
                  "the NVIDIA driver is too old: it is for CUDA %d.%d, and %d.%d is needed, which "
                  "drivers from 580 on "
                  "have",
                  is / 1000, is % 1000 / 10, needed / 1000, needed % 1000 / 10);
    return error->code;
}

int device_facts(int index, DeviceFacts* facts, PluginError* error) {
    cudaDeviceProp properties{};
    if (const int code = report(cudaGetDeviceProperties(&properties, index),
                                "asking for a device's properties", error))
        return code;
    *facts = {};
    std::snprintf(facts->name, sizeof facts->name, "%s", properties.name);
    char* to = facts->uuid;
    for (int i = 0; i < 16; ++i)
        to += std::snprintf(
            to, 4, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x",
            static_cast<unsigned>(static_cast<unsigned char>(properties.uuid.bytes[i])));
    facts->major = properties.major;
    facts->minor = properties.minor;
    facts->processors = properties.multiProcessorCount;
    facts->shared_bytes = static_cast<std::int32_t>(properties.sharedMemPerBlockOptin);
    facts->memory_bytes = static_cast<std::int64_t>(properties.totalGlobalMem);
    facts->l2_bytes = properties.l2CacheSize;
    facts->memory_bus_bits = properties.memoryBusWidth;
    cudaDeviceGetAttribute(&facts->clock_khz, cudaDevAttrClockRate, index);
    cudaDeviceGetAttribute(&facts->memory_clock_khz, cudaDevAttrMemoryClockRate, index);
    cudaDriverGetVersion(&facts->driver);
    cudaRuntimeGetVersion(&facts->runtime);
    facts->mig = std::strstr(properties.name, "MIG") != nullptr;
    return 0;
}

void nccl(LibraryFacts* facts) {
    find_nccl(library_folder(), *facts);
}

void close(PluginDevice* device) {
    if (device == nullptr) return;
    cudaSetDevice(device->index);
    device->plans.clear();
    if (device->workspace != nullptr) cudaFree(device->workspace);
    if (device->blas != nullptr) cublasLtDestroy(device->blas);
    if (device->stream != nullptr) cudaStreamDestroy(device->stream);
    delete device;
}

int open(int index, PluginDevice** device, PluginError* error) {
    *device = nullptr;
    auto* const made = new (std::nothrow) PluginDevice;
    if (made == nullptr) return report(cudaErrorMemoryAllocation, "opening the device", error);
    made->index = index;
    int code = report(cudaSetDevice(index), "choosing the device", error);
    if (code == 0)
        code = report(cudaStreamCreateWithFlags(&made->stream, cudaStreamNonBlocking),
                      "making a stream", error);
    if (code == 0) code = report(cublasLtCreate(&made->blas), "starting cuBLASLt", error);
    if (code == 0)
        code = report(cudaMalloc(&made->workspace, kWorkspaceBytes),
                      "allocating cuBLASLt's workspace", error);
    if (code != 0) {
        close(made);
        return code;
    }
    *device = made;
    return 0;
}

int allocate(PluginDevice*, std::size_t bytes, void** memory, PluginError* error) {
    *memory = nullptr;
    return report(cudaMalloc(memory, bytes), "allocating device memory", error);
}

int release(PluginDevice*, void* memory, PluginError* error) {
    return report(cudaFree(memory), "freeing device memory", error);
}

int allocate_host(PluginDevice*, std::size_t bytes, void** memory, PluginError* error) {
    *memory = nullptr;
    return report(cudaMallocHost(memory, bytes), "allocating pinned memory", error);
}

int release_host(PluginDevice*, void* memory, PluginError* error) {
    return report(cudaFreeHost(memory), "freeing pinned memory", error);
}

int free_bytes(PluginDevice*, std::int64_t* free, std::int64_t* total, PluginError* error) {
    std::size_t free_now = 0, all = 0;
    const int code = report(cudaMemGetInfo(&free_now, &all), "asking for free memory", error);
    *free = static_cast<std::int64_t>(free_now);
    *total = static_cast<std::int64_t>(all);
    return code;
}

int upload(PluginDevice* device, void* to, const void* from, std::size_t bytes,
           PluginError* error) {
    return report(cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, device->stream),
                  "copying to the device", error);
}

int download(PluginDevice* device, void* to, const void* from, std::size_t bytes,
             PluginError* error) {
    return report(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, device->stream),
                  "copying from the device", error);
}

int copy(PluginDevice* device, void* to, const void* from, std::size_t bytes, PluginError* error) {
    return report(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, device->stream),
                  "copying on the device", error);
}

int fill(PluginDevice* device, void* memory, int byte, std::size_t bytes, PluginError* error) {
    return report(cudaMemsetAsync(memory, byte, bytes, device->stream), "filling device memory",
                  error);
}

int synchronise(PluginDevice* device, PluginError* error) {
    return report(cudaStreamSynchronize(device->stream), "waiting for the device", error);
}

template <typename Body>
__global__ void __launch_bounds__(occupancy_of<Body>().threads, occupancy_of<Body>().blocks)
    entry(const __grid_constant__ typename Body::Params params) {
    Body::run(params);
}

int launch(PluginDevice* device, KernelChoice kernel, Launch shape, const void* params,
           std::size_t bytes, PluginError* error) {
    constexpr std::uint32_t kUnasked = 48 * 1024;  // dynamic shared memory that needs no opting in
    cudaError_t code = cudaErrorInvalidDeviceFunction;
    visit_kernel(kernel, [&]<typename Body>() {
        if (bytes != sizeof(typename Body::Params)) {
            code = cudaErrorInvalidValue;
            return;
        }
        auto* const function = entry<Body>;
        code = cudaSuccess;
        if (shape.shared_bytes > kUnasked)
            code = cudaFuncSetAttribute(function, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                        static_cast<int>(shape.shared_bytes));
        if (code != cudaSuccess) return;
        void* arguments[] = {const_cast<void*>(params)};
        code = cudaLaunchKernel(reinterpret_cast<const void*>(function),
                                dim3(shape.grid.x, shape.grid.y, shape.grid.z), dim3(shape.threads),
                                arguments, shape.shared_bytes, device->stream);
        if (code == cudaSuccess && !device->capturing) ++device->traced.own_launches;
    });
    return report(code, kernel_name(kernel.id), error);
}

int begin_capture(PluginDevice* device, PluginError* error) {
    const int code =
        report(cudaStreamBeginCapture(device->stream, cudaStreamCaptureModeThreadLocal),
               "beginning to capture", error);
    device->capturing = code == 0;
    return code;
}

cudaError_t count_kernels(cudaGraph_t graph, std::int64_t& kernels) {
    std::size_t count = 0;
    cudaError_t code = cudaGraphGetNodes(graph, nullptr, &count);
    std::vector<cudaGraphNode_t> nodes(count);
    if (code == cudaSuccess && count > 0) code = cudaGraphGetNodes(graph, nodes.data(), &count);
    for (std::size_t i = 0; code == cudaSuccess && i < count; ++i) {
        cudaGraphNodeType type = cudaGraphNodeTypeEmpty;
        code = cudaGraphNodeGetType(nodes[i], &type);
        kernels += type == cudaGraphNodeTypeKernel ? 1 : 0;
    }
    return code;
}

void release_graph(PluginGraph* graph) {
    if (graph == nullptr) return;
    if (graph->executable != nullptr) cudaGraphExecDestroy(graph->executable);
    if (graph->graph != nullptr) cudaGraphDestroy(graph->graph);
    delete graph;
}

int end_capture(PluginDevice* device, PluginGraph** graph, PluginError* error) {
    *graph = nullptr;
    device->capturing = false;
    auto* const made = new (std::nothrow) PluginGraph;
    if (made == nullptr) return report(cudaErrorMemoryAllocation, "capturing", error);
    int code =
        report(cudaStreamEndCapture(device->stream, &made->graph), "ending to capture", error);
    if (code == 0)
        code =
            report(count_kernels(made->graph, made->kernels), "counting a graph's kernels", error);
    if (code == 0)
        code = report(cudaGraphInstantiate(&made->executable, made->graph, 0), "making a graph",
                      error);
    if (code != 0) {
        release_graph(made);
        return code;
    }
    *graph = made;
    return 0;
}

int launch_graph(PluginDevice* device, PluginGraph* graph, PluginError* error) {
    device->traced.graph_kernels += graph->kernels;
    return report(cudaGraphLaunch(graph->executable, device->stream), "launching a graph", error);
}

void release_event(PluginEvent* event) {
    if (event == nullptr) return;
    if (event->event != nullptr) cudaEventDestroy(event->event);
    delete event;
}

int make_event(PluginDevice*, PluginEvent** event, PluginError* error) {
    *event = nullptr;
    auto* const made = new (std::nothrow) PluginEvent;
    if (made == nullptr) return report(cudaErrorMemoryAllocation, "making an event", error);
    if (const int code = report(cudaEventCreate(&made->event), "making an event", error)) {
        release_event(made);
        return code;
    }
    *event = made;
    return 0;
}

int record_event(PluginDevice* device, PluginEvent* event, PluginError* error) {
    return report(cudaEventRecord(event->event, device->stream), "recording an event", error);
}

int milliseconds(PluginEvent* begin, PluginEvent* end, float* elapsed, PluginError* error) {
    if (const int code = report(cudaEventSynchronize(end->event), "waiting for an event", error))
        return code;
    return report(cudaEventElapsedTime(elapsed, begin->event, end->event), "timing events", error);
}

// An entry that is called with its device current: another one may have been opened since, or this
// is another thread.
template <auto entry>
struct OnDevice;
template <typename... Given, int (*entry)(PluginDevice*, Given...)>
struct OnDevice<entry> {
    static int call(PluginDevice* device, Given... given) {
        PluginError* const error = std::get<sizeof...(Given) - 1>(std::make_tuple(given...));
        if (const int code = report(cudaSetDevice(device->index), "choosing the device", error))
            return code;
        return entry(device, given...);
    }
};

constexpr PluginTable kTable = {
    .version = kPluginVersion,
    .device_count = device_count,
    .device_facts = device_facts,
    .nccl = nccl,
    .open = open,
    .close = close,
    .allocate = OnDevice<allocate>::call,
    .release = OnDevice<release>::call,
    .allocate_host = OnDevice<allocate_host>::call,
    .release_host = OnDevice<release_host>::call,
    .free_bytes = OnDevice<free_bytes>::call,
    .upload = OnDevice<upload>::call,
    .download = OnDevice<download>::call,
    .copy = OnDevice<copy>::call,
    .fill = OnDevice<fill>::call,
    .synchronise = OnDevice<synchronise>::call,
    .launch = OnDevice<launch>::call,
    .multiply = OnDevice<multiply>::call,
    .begin_capture = OnDevice<begin_capture>::call,
    .end_capture = OnDevice<end_capture>::call,
    .launch_graph = OnDevice<launch_graph>::call,
    .release_graph = release_graph,
    .make_event = OnDevice<make_event>::call,
    .record_event = OnDevice<record_event>::call,
    .milliseconds = milliseconds,
    .release_event = release_event,
    .begin_trace = OnDevice<begin_trace>::call,
    .mark = mark,
    .end_trace = OnDevice<end_trace>::call,
    .begin_counters = OnDevice<begin_counters>::call,
    .end_counters = OnDevice<end_counters>::call,
};

}  // namespace
}  // namespace hone::cuda

extern "C" __attribute__((visibility("default"))) const hone::cuda::PluginTable* hone_cuda_plugin(
    std::uint32_t version) {
    return version == hone::cuda::kPluginVersion ? &hone::cuda::kTable : nullptr;
}
