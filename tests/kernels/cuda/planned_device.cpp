// SPDX-License-Identifier: Apache-2.0
#include "tests/kernels/cuda/planned_device.h"

#include <cstdint>
#include <cstdio>

#include "kernels/cuda/emulation/emulated_plugin.h"

namespace hone::cuda {
namespace {

constexpr std::uintptr_t kAllocation = 256;  // what cudaMalloc aligns to

int allocate(PluginDevice*, std::size_t bytes, void** memory, PluginError*) {
    static std::uintptr_t next = std::uintptr_t{1} << 40;
    *memory = reinterpret_cast<void*>(next);
    next += (bytes + kAllocation) / kAllocation * kAllocation;
    return 0;
}

int release(PluginDevice*, void*, PluginError*) {
    return 0;
}

int move(PluginDevice*, void*, const void*, std::size_t, PluginError*) {
    return 0;
}

int download(PluginDevice*, void* to, const void*, std::size_t bytes, PluginError*) {
    if (bytes > 0) std::memset(to, 0, bytes);
    return 0;
}

int fill(PluginDevice*, void*, int, std::size_t, PluginError*) {
    return 0;
}

int free_bytes(PluginDevice*, std::int64_t* free, std::int64_t* total, PluginError*) {
    *free = *total = std::int64_t{1} << 40;
    return 0;
}

int launch(PluginDevice*, KernelChoice kernel, Launch shape, const void* params, std::size_t bytes,
           PluginError*) {
    const auto* const from = static_cast<const std::byte*>(params);
    planned().launches.push_back({kernel, shape, {from, from + bytes}});
    return 0;
}

int multiply(PluginDevice*, const DenseProduct* product, PluginError* error) {
    if (const int code = emulation::check_product(*product, error)) return code;
    if (planned().refuses && planned().refuses(*product)) {
        error->code = kNoAlgorithm;
        std::snprintf(error->text, sizeof error->text, "choosing an algorithm: none was found");
        return kNoAlgorithm;
    }
    planned().products.push_back(*product);
    return 0;
}

int end_capture(PluginDevice* device, PluginGraph** graph, PluginError* error) {
    ++planned().captured;
    return emulation::emulated_plugin().end_capture(device, graph, error);
}

int launch_graph(PluginDevice*, PluginGraph*, PluginError*) {
    ++planned().replayed;
    if (planned().on_replay) planned().on_replay();
    return 0;
}

// H200's figures, which shapes of launches follow.
int device_facts(int index, DeviceFacts* facts, PluginError* error) {
    const int code = emulation::emulated_plugin().device_facts(index, facts, error);
    facts->processors = 132;
    return code;
}

}  // namespace

Planned& planned() {
    static Planned everything;
    return everything;
}

const PluginTable& planned_plugin() {
    static const PluginTable table = [] {
        PluginTable made = emulation::emulated_plugin();
        made.device_facts = device_facts;
        made.allocate = allocate;
        made.release = release;
        made.free_bytes = free_bytes;
        made.upload = made.copy = move;
        made.download = download;
        made.fill = fill;
        made.launch = launch;
        made.multiply = multiply;
        made.end_capture = end_capture;
        made.launch_graph = launch_graph;
        return made;
    }();
    return table;
}

}  // namespace hone::cuda
