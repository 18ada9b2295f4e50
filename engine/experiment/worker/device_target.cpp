// SPDX-License-Identifier: Apache-2.0
#include "engine/experiment/worker/device_target.h"

#include <fmt/format.h>

#include <utility>

#include "engine/core/error.h"
#include "engine/experiment/protocol/messages/machine.h"
#include "engine/experiment/worker/requests.h"

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
        const std::string found = list.devices.empty()
                                      ? list.problem
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

messages::CudaDevice facts_told(const gpu::DeviceFacts& facts) {
    return {.id = {},
            .name = facts.name,
            .uuid = facts.uuid,
            .compute_capability = fmt::format("{}.{}", facts.major, facts.minor),
            .multiprocessors = facts.processors,
            .memory = facts.memory_bytes,
            .l2 = facts.l2_bytes,
            .clock_mhz = facts.clock_khz / 1000,
            .memory_clock_mhz = facts.memory_clock_khz / 1000,
            .driver = version_text(facts.driver),
            .runtime = version_text(facts.runtime),
            .mig = facts.mig};
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
           " is an instance of a divided device (MIG): multiprocessors, memory and bandwidth are "
           "the "
           "instance's, "
           "what runs in other instances may slow it down, and counters may be refused";
}

nlohmann::json describe_device(const Target& target) {
    const std::optional<int> index = cuda_index(target.device);
    if (!index) return nullptr;
    const gpu::DeviceList list = gpu::list_devices(gpu::load_plugin());
    if (*index >= std::ssize(list.devices)) return nullptr;
    return messages::write(facts_told(list.devices[static_cast<std::size_t>(*index)]));
}

namespace {

std::optional<std::string> unless_empty(const std::string& text) {
    return text.empty() ? std::nullopt : std::optional(text);
}

// What only an open device tells: how much of it is free, and whether its kernels can be traced. A
// trace is begun and ended to know: permission, another tool and a missing library all show at the
// beginning alone.
void add_state(messages::CudaDevice& told, const gpu::PluginTable& plugin, int index) {
    told.memory_free.emplace();
    told.tracing.emplace();
    told.problem.emplace();
    try {
        gpu::Device device(plugin, index);
        told.memory_free = device.free_bytes();
        const bool kernels = device.begin_trace();
        profiler::DeviceRecording recording;
        device.end_trace(recording);
        told.tracing = messages::DeviceTracing{.source = recording.source,
                                               .kernels = kernels,
                                               .problem = unless_empty(recording.problem)};
    } catch (const gpu::DeviceError& error) {
        told.problem = error.what();
    }
}

}  // namespace

template <>
messages::DevicesReply answer(const messages::Devices& request, WorkerContext&) {
    const gpu::PluginLoad& plugin = gpu::load_plugin();
    const gpu::DeviceList list = gpu::list_devices(plugin);
    messages::DevicesReply reply;
    for (std::size_t i = 0; i < list.devices.size(); ++i) {
        messages::CudaDevice& told = reply.devices.emplace_back(facts_told(list.devices[i]));
        told.id = fmt::format("cuda:{}", i);
        if (request.open) add_state(told, *plugin.table, static_cast<int>(i));
    }
    reply.problem = unless_empty(list.problem);
    if (!request.open) return reply;
    reply.nccl.emplace();
    if (plugin.table != nullptr) {
        const gpu::LibraryFacts facts = gpu::find_nccl(plugin);
        reply.nccl = messages::DeviceLibrary{.version = unless_empty(facts.version),
                                             .problem = unless_empty(facts.problem)};
    }
    return reply;
}

MemoryReport device_memory_report(MemoryByClass peak, std::int64_t held, std::int64_t taken) {
    peak[MemoryClass::unaccounted] =
        taken - held;  // what the library and the allocator round up to
    return memory_report(peak, peak.total());
}

}  // namespace hone
