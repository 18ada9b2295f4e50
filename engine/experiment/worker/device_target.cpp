// SPDX-License-Identifier: Apache-2.0
#include "engine/experiment/worker/device_target.h"

#include <fmt/format.h>

#include "engine/core/error.h"

namespace hone {
namespace {

std::string version_text(int version) {
    return fmt::format("{}.{}", version / 1000, version % 1000 / 10);
}

}  // namespace

DeviceKind device_kind(const Target& target) {
    return cuda_index(target.device) ? DeviceKind::cuda : DeviceKind::cpu;
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
        throw Error(ErrorDetails{fmt::format("{} cannot be used: {}", target.device, found), "", "device",
                                 found, fmt::format("a CUDA device with number {}", *index)});
    }
    try {
        return std::make_unique<gpu::Device>(*plugin.table, *index);
    } catch (const gpu::DeviceError& error) {
        throw Error(ErrorDetails{fmt::format("{} cannot be used: {}", target.device, error.what()), "",
                                 "device", error.what(), "a device that can be opened"});
    }
}

nlohmann::json describe_devices() {
    const gpu::PluginLoad& plugin = gpu::load_plugin();
    const gpu::DeviceList list = gpu::list_devices(plugin);
    nlohmann::json devices = nlohmann::json::array();
    for (std::size_t i = 0; i < list.devices.size(); ++i) {
        const gpu::DeviceFacts& facts = list.devices[i];
        devices.push_back({{"id", fmt::format("cuda:{}", i)},
                           {"name", facts.name},
                           {"uuid", facts.uuid},
                           {"compute_capability", fmt::format("{}.{}", facts.major, facts.minor)},
                           {"multiprocessors", facts.processors},
                           {"memory", facts.memory_bytes},
                           {"driver", version_text(facts.driver)},
                           {"runtime", version_text(facts.runtime)},
                           {"mig", facts.mig}});
    }
    return {{"devices", std::move(devices)},
            {"problem", list.problem.empty() ? nlohmann::json() : nlohmann::json(list.problem)}};
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
