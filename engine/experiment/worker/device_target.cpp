// SPDX-License-Identifier: Apache-2.0
#include "engine/experiment/worker/device_target.h"

#include <fmt/format.h>

#include <utility>

#include "engine/core/error.h"

namespace hone {
namespace {

std::string version_text(int version) {
    return fmt::format("{}.{}", version / 1000, version % 1000 / 10);
}

Error unusable(const Target& target, const std::string& found, const std::string& expected) {
    ErrorDetails details{"", "", "device", found, expected, Fault::argument};
    details.summary = target.device + " cannot be used.";
    return Error(std::move(details));
}

}  // namespace

DeviceKind device_kind(const Target& target) {
    return cuda_index(target.device) ? DeviceKind::cuda : DeviceKind::cpu;
}

QueriedDevice queried_device(const Target& target) {
    const std::optional<int> index = cuda_index(target.device);
    if (!index) return {};
    const gpu::DeviceList list = gpu::list_devices(gpu::load_plugin());
    if (*index >= std::ssize(list.devices)) return {DeviceKind::cuda, 0};
    const gpu::DeviceFacts& facts = list.devices[static_cast<std::size_t>(*index)];
    return {DeviceKind::cuda, 10 * facts.major + facts.minor};
}

std::unique_ptr<gpu::Device> open_device(const Target& target) {
    const std::optional<int> index = cuda_index(target.device);
    if (!index) return nullptr;
    const gpu::PluginLoad& plugin = gpu::load_plugin();
    const gpu::DeviceList list = gpu::list_devices(plugin);
    if (*index >= std::ssize(list.devices)) {
        const std::string found = list.devices.empty() ? list.problem
                                                       : fmt::format("{} CUDA device{}", list.devices.size(),
                                                                     list.devices.size() == 1 ? "" : "s");
        throw unusable(target, found, fmt::format("a CUDA device with number {}", *index));
    }
    try {
        return std::make_unique<gpu::Device>(*plugin.table, *index);
    } catch (const gpu::DeviceError& error) {
        throw unusable(target, error.what(), "a device that can be opened");
    }
}

namespace {

nlohmann::json facts_document(const gpu::DeviceFacts& facts) {
    return {{"name", facts.name},
            {"uuid", facts.uuid},
            {"compute_capability", fmt::format("{}.{}", facts.major, facts.minor)},
            {"multiprocessors", facts.processors},
            {"memory", facts.memory_bytes},
            {"l2", facts.l2_bytes},
            {"clock_mhz", facts.clock_khz / 1000},
            {"memory_clock_mhz", facts.memory_clock_khz / 1000},
            {"driver", version_text(facts.driver)},
            {"runtime", version_text(facts.runtime)},
            {"mig", facts.mig}};
}

}  // namespace

ErrorDetails device_error(const gpu::DeviceError& error) {
    ErrorDetails details{"", "", "device", error.what(), "", Fault::argument};
    details.summary = error.sticky ? "The CUDA device's context is lost: this run is over."
                                   : "The CUDA device refused what was asked of it.";
    if (error.sticky) details.action = "The next run begins anew.";
    return Error(std::move(details)).details();
}

std::string divided_device_note(const Target& target) {
    return target.device +
           " is an instance of a divided device (MIG): multiprocessors, memory and bandwidth are the "
           "instance's, "
           "what runs in other instances may slow it down, and counters may be refused";
}

nlohmann::json describe_device(const Target& target) {
    const std::optional<int> index = cuda_index(target.device);
    if (!index) return nullptr;
    const gpu::DeviceList list = gpu::list_devices(gpu::load_plugin());
    if (*index >= std::ssize(list.devices)) return nullptr;
    return facts_document(list.devices[static_cast<std::size_t>(*index)]);
}

namespace {

nlohmann::json text_or_null(const std::string& text) {
    return text.empty() ? nlohmann::json() : nlohmann::json(text);
}

// What only an open device tells: how much of it is free, and whether its kernels can be traced. A trace is begun and ended to know:
// permission, another tool and a missing library all show at the beginning alone.
nlohmann::json state_document(const gpu::PluginTable& plugin, int index) {
    nlohmann::json state{{"memory_free", nullptr}, {"tracing", nullptr}, {"problem", nullptr}};
    try {
        gpu::Device device(plugin, index);
        state["memory_free"] = device.free_bytes();
        const bool kernels = device.begin_trace();
        profiler::DeviceRecording recording;
        device.end_trace(recording);
        state["tracing"] = {
            {"source", recording.source}, {"kernels", kernels}, {"problem", text_or_null(recording.problem)}};
    } catch (const gpu::DeviceError& error) {
        state["problem"] = error.what();
    }
    return state;
}

nlohmann::json library_document(const gpu::LibraryFacts& facts) {
    return {{"version", text_or_null(facts.version)}, {"problem", text_or_null(facts.problem)}};
}

}  // namespace

nlohmann::json describe_devices(bool open) {
    const gpu::PluginLoad& plugin = gpu::load_plugin();
    const gpu::DeviceList list = gpu::list_devices(plugin);
    nlohmann::json devices = nlohmann::json::array();
    for (std::size_t i = 0; i < list.devices.size(); ++i) {
        devices.push_back(facts_document(list.devices[i]));
        devices.back()["id"] = fmt::format("cuda:{}", i);
        if (open) devices.back().update(state_document(*plugin.table, static_cast<int>(i)));
    }
    nlohmann::json found{{"devices", std::move(devices)}, {"problem", text_or_null(list.problem)}};
    if (open)
        found["nccl"] = plugin.table == nullptr ? nlohmann::json() : library_document(gpu::find_nccl(plugin));
    return found;
}

nlohmann::json device_memory_document(MemoryByClass peak, std::int64_t held, std::int64_t taken) {
    peak[MemoryClass::unaccounted] = taken - held;  // what the library and the allocator round up to
    nlohmann::json json;
    for (std::size_t i = 0; i < kMemoryClasses; ++i) {
        const auto which = static_cast<MemoryClass>(i);
        json[std::string(memory_class_id(which))] = peak[which];
    }
    json["peak_resident"] = peak.total();
    return json;
}

}  // namespace hone
