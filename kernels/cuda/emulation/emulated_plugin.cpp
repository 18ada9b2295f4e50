// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/emulation/emulated_plugin.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <functional>
#include <utility>
#include <vector>

#include "kernels/cuda/emulation/emulated_device.h"
#include "kernels/cuda/emulation/launch.h"
#include "kernels/cuda/kernel_name.h"
#include "kernels/cuda/numbers.h"

namespace hone::cuda::emulation {

using profiler::ActivityKind;

namespace {

constexpr std::int64_t kMemory = std::int64_t{1} << 30;
constexpr int kOutOfMemory = 2, kIllegalAddress = 700, kCaptureUnsupported = 900, kUnknown = 999;

std::int64_t& launches_to_loss() {
    static std::int64_t left = [] {
        const char* const asked = std::getenv("HONE_EMULATED_LOSS");
        return asked == nullptr ? std::int64_t{0} : std::atoll(asked);
    }();
    return left;
}

std::int64_t memory_limit(std::int64_t set = -1) {
    static std::int64_t limit = 0;
    if (set >= 0) limit = set;
    const char* const asked = limit == 0 ? std::getenv("HONE_EMULATED_MEMORY") : nullptr;
    return limit > 0 ? limit : asked != nullptr ? std::atoll(asked) : kMemory;
}

int report(int code, const char* text, PluginError* error) {
    error->code = code;
    error->sticky = code == kUnknown;
    std::snprintf(error->text, sizeof error->text, "%s", text);
    return code;
}

// Now, or when the graph that is being captured runs. What an emulated kernel does wrong loses the
// context, as it might on a device.
int queue(PluginDevice* device, EmulatedWork work, PluginError* error) {
    ++device->counted_work;
    try {
        if (device->capture != nullptr) {
            if (device->tracing && device->kernels) capture_traced(device, work);
            device->capture->push_back(std::move(work));
        } else if (device->tracing && device->kernels) {
            run_launched(device, work);
        } else {
            work.run();
        }
        return 0;
    } catch (const std::exception& problem) {
        return report(kUnknown, problem.what(), error);
    }
}

// What CUDA refuses while a stream is captured; the capture is of no use then.
bool in_capture(const PluginDevice* device, const char* what, PluginError* error) {
    if (device->capture == nullptr) return false;
    report(kCaptureUnsupported, "", error);
    std::snprintf(error->text, sizeof error->text,
                  "%s: operation not permitted when stream is capturing", what);
    return true;
}

EmulatedWork copying(profiler::CopyDirection direction, std::size_t bytes,
                     std::function<void()> run) {
    EmulatedWork work{std::move(run), {}, ""};
    work.activity.kind =
        direction == profiler::CopyDirection::none ? ActivityKind::fill : ActivityKind::copy;
    work.activity.direction = direction;
    work.activity.bytes = static_cast<std::int64_t>(bytes);
    return work;
}

void check_range(const void* memory, std::size_t bytes) {
    if (bytes > 0) check_global(memory, bytes);
}

// None of them may be at null.
void move_bytes(void* to, const void* from, std::size_t bytes) {
    if (bytes > 0) std::memmove(to, from, bytes);
}

int device_count(int* count, PluginError*) {
    *count = 1;
    return 0;
}

int device_facts(int, DeviceFacts* facts, PluginError*) {
    *facts = {};
    std::snprintf(facts->name, sizeof facts->name, "Emulated device");
    std::snprintf(facts->uuid, sizeof facts->uuid, "00000000-0000-0000-0000-000000000000");
    facts->major = 9;
    facts->processors = 4;
    facts->shared_bytes = 227 * 1024;
    facts->memory_bytes = memory_limit();
    facts->driver = facts->runtime = 13000;
    facts->mig = std::getenv("HONE_EMULATED_MIG") != nullptr;
    return 0;
}

void nccl(LibraryFacts* facts) {
    std::snprintf(facts->problem, sizeof facts->problem, "the emulated device has no NCCL");
}

int open(int index, PluginDevice** device, PluginError* error) {
    *device = nullptr;
    if (index != 0) return report(101, "invalid device ordinal", error);
    *device = new PluginDevice;
    return 0;
}

void close(PluginDevice* device) {
    if (device == nullptr) return;
    for (const auto& [memory, bytes] : device->allocations) emulation::release(memory);
    delete device;
}

int allocate(PluginDevice* device, std::size_t bytes, void** memory, PluginError* error) {
    *memory = nullptr;
    if (in_capture(device, "allocating device memory", error)) return error->code;
    const auto wanted = static_cast<std::int64_t>(bytes);
    if (device->allocated + wanted > memory_limit())
        return report(kOutOfMemory, "allocating device memory: out of memory", error);
    *memory = emulation::allocate(bytes);
    device->allocations[*memory] = wanted;
    device->allocated += wanted;
    record_memory(device, *memory, wanted, true);
    return 0;
}

int release(PluginDevice* device, void* memory, PluginError* error) {
    if (in_capture(device, "freeing device memory", error)) return error->code;
    const auto at = device->allocations.find(memory);
    if (at == device->allocations.end())
        return report(1, "freeing device memory: invalid argument", error);
    device->allocated -= at->second;
    record_memory(device, memory, at->second, false);
    device->allocations.erase(at);
    emulation::release(memory);
    return 0;
}

int allocate_host(PluginDevice* device, std::size_t bytes, void** memory, PluginError* error) {
    if (in_capture(device, "allocating pinned memory", error)) return error->code;
    *memory = ::operator new(bytes);
    return 0;
}

int release_host(PluginDevice*, void* memory, PluginError*) {
    ::operator delete(memory);
    return 0;
}

int free_bytes(PluginDevice* device, std::int64_t* free, std::int64_t* total, PluginError*) {
    *total = memory_limit();
    *free = *total - device->allocated;
    return 0;
}

int upload(PluginDevice* device, void* to, const void* from, std::size_t bytes,
           PluginError* error) {
    return queue(device,
                 copying(profiler::CopyDirection::to_device, bytes,
                         [=] {
                             check_range(to, bytes);
                             move_bytes(to, from, bytes);
                         }),
                 error);
}

int download(PluginDevice* device, void* to, const void* from, std::size_t bytes,
             PluginError* error) {
    return queue(device,
                 copying(profiler::CopyDirection::to_host, bytes,
                         [=] {
                             check_range(from, bytes);
                             const auto* const begin = static_cast<const std::byte*>(from);
                             device->downloads.push_back({to, {begin, begin + bytes}});
                             if (bytes > 0) std::memset(to, 0xFF, bytes);
                         }),
                 error);
}

int copy(PluginDevice* device, void* to, const void* from, std::size_t bytes, PluginError* error) {
    return queue(device,
                 copying(profiler::CopyDirection::on_device, bytes,
                         [=] {
                             check_range(to, bytes);
                             check_range(from, bytes);
                             move_bytes(to, from, bytes);
                         }),
                 error);
}

int fill(PluginDevice* device, void* memory, int byte, std::size_t bytes, PluginError* error) {
    return queue(device,
                 copying(profiler::CopyDirection::none, bytes,
                         [=] {
                             check_range(memory, bytes);
                             if (bytes > 0) std::memset(memory, byte, bytes);
                         }),
                 error);
}

int synchronise(PluginDevice* device, PluginError* error) {
    if (in_capture(device, "waiting for the device", error)) return error->code;
    for (const auto& [to, bytes] : device->downloads) move_bytes(to, bytes.data(), bytes.size());
    device->downloads.clear();
    return 0;
}

int launch(PluginDevice* device, KernelChoice kernel, Launch shape, const void* params,
           std::size_t bytes, PluginError* error) {
    if (std::int64_t& left = launches_to_loss(); left > 0 && --left == 0) {
        left = 1;
        report(kIllegalAddress, "an illegal memory access was encountered", error);
        error->sticky = true;
        return error->code;
    }
    std::vector<std::byte> kept(bytes);  // a graph keeps its kernels' parameters
    std::memcpy(kept.data(), params, bytes);
    // Each launch in an order of its own: no kernel may count on any.
    static std::uint32_t launches = 0;
    EmulatedWork work{[=, order = ++launches] {
                          emulation::launch(kernel, shape, kept.data(), kept.size(), order);
                      },
                      {},
                      ""};
    if (device->tracing) work.name = readable_kernel_name(mangled_name(kernel));
    const auto number = [](std::uint32_t value) { return static_cast<std::int32_t>(value); };
    work.activity.grid = {number(shape.grid.x), number(shape.grid.y), number(shape.grid.z)};
    work.activity.block = {number(shape.threads), 1, 1};
    work.activity.shared_bytes = number(shape.shared_bytes);
    return queue(device, std::move(work), error);
}

template <typename T, typename Sum>
void multiply_as(const DenseProduct& p, Sum (*value)(T)) {
    const auto* const x = static_cast<const T*>(p.x);
    const auto* const w = static_cast<const T*>(p.w);
    auto* const y = static_cast<Sum*>(p.y);
    check_range(x, static_cast<std::size_t>(p.tokens * p.cols) * sizeof(T));
    check_range(w, static_cast<std::size_t>(p.rows * p.cols) * sizeof(T));
    check_range(y, static_cast<std::size_t>((p.tokens - 1) * p.y_stride + p.rows) * sizeof(Sum));
    for (std::int64_t token = 0; token < p.tokens; ++token) {
        for (std::int64_t row = 0; row < p.rows; ++row) {
            Sum sum = p.accumulate ? y[token * p.y_stride + row] : Sum{0};
            for (std::int64_t i = 0; i < p.cols; ++i)
                sum += value(x[token * p.cols + i]) * value(w[row * p.cols + i]);
            y[token * p.y_stride + row] = sum;
        }
    }
}

int multiply(PluginDevice* device, const DenseProduct* product, PluginError* error) {
    const DenseProduct p = *product;
    if (const int code = check_product(p, error)) return code;
    EmulatedWork work{
        [p] {
            switch (p.type) {
                case PlaneType::f32:
                    return multiply_as<float, float>(p, [](float v) { return v; });
                case PlaneType::f16:
                    return multiply_as<F16, float>(p, [](F16 v) { return to_float(v); });
                case PlaneType::bf16:
                    return multiply_as<BF16, float>(p, [](BF16 v) { return to_float(v); });
                case PlaneType::e4m3:
                    return multiply_as<E4M3, float>(p, [](E4M3 v) { return to_float(v); });
                case PlaneType::i8:
                    return multiply_as<std::int8_t, std::int32_t>(
                        p, [](std::int8_t v) { return std::int32_t{v}; });
                default:
                    throw EmulationError("a product of weights that are not dense");
            }
        },
        {},
        "vendor_gemm"};
    return queue(device, std::move(work), error);
}

int begin_capture(PluginDevice* device, PluginError*) {
    device->capture = new std::vector<EmulatedWork>;
    return 0;
}

int end_capture(PluginDevice* device, PluginGraph** graph, PluginError*) {
    *graph = new PluginGraph{std::move(*device->capture)};
    delete device->capture;
    device->capture = nullptr;
    return 0;
}

int launch_graph(PluginDevice* device, PluginGraph* graph, PluginError* error) {
    try {
        if (!device->tracing || !device->kernels) {
            for (const EmulatedWork& work : graph->work) work.run();
            return 0;
        }
        run_graph_traced(device, graph->work);
        return 0;
    } catch (const std::exception& problem) {
        return report(kUnknown, problem.what(), error);
    }
}

void release_graph(PluginGraph* graph) {
    delete graph;
}

int make_event(PluginDevice*, PluginEvent** event, PluginError*) {
    *event = new PluginEvent;
    return 0;
}

int record_event(PluginDevice*, PluginEvent* event, PluginError*) {
    event->time = steady_now();
    return 0;
}

int milliseconds(PluginEvent* begin, PluginEvent* end, float* elapsed, PluginError*) {
    *elapsed = static_cast<float>(end->time - begin->time) * 1e-6F;
    return 0;
}

void release_event(PluginEvent* event) {
    delete event;
}

}  // namespace

const PluginTable& emulated_plugin() {
    static constexpr PluginTable kTable = {
        .version = kPluginVersion,
        .device_count = device_count,
        .device_facts = device_facts,
        .nccl = nccl,
        .open = open,
        .close = close,
        .allocate = allocate,
        .release = release,
        .allocate_host = allocate_host,
        .release_host = release_host,
        .free_bytes = free_bytes,
        .upload = upload,
        .download = download,
        .copy = copy,
        .fill = fill,
        .synchronise = synchronise,
        .launch = launch,
        .multiply = multiply,
        .begin_capture = begin_capture,
        .end_capture = end_capture,
        .launch_graph = launch_graph,
        .release_graph = release_graph,
        .make_event = make_event,
        .record_event = record_event,
        .milliseconds = milliseconds,
        .release_event = release_event,
        .begin_trace = begin_trace,
        .mark = mark,
        .end_trace = end_trace,
        .begin_counters = begin_counters,
        .end_counters = end_counters,
    };
    return kTable;
}

int check_product(const DenseProduct& product, PluginError* error) {
    const DenseAlignment is = alignment_of(product), &stated = product.alignment;
    if (stated.x > is.x || stated.w > is.w || stated.y > is.y)
        return report(kUnknown, "multiplying: an address is aligned to fewer bytes than is stated",
                      error);
    const char* const refusal = dense_refusal(product);
    if (refusal == nullptr) return 0;
    report(kNoAlgorithm, "", error);
    std::snprintf(error->text, sizeof error->text, "choosing an algorithm: %s", refusal);
    return kNoAlgorithm;
}

void lose_context_after(std::int64_t launches) {
    launches_to_loss() = launches;
}

void limit_memory(std::int64_t bytes) {
    memory_limit(bytes);
}

}  // namespace hone::cuda::emulation
