// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "engine/experiment/protocol/messages/machine.h"
#include "engine/experiment/worker/requests.h"
#include "engine/experiment/worker/target_place.h"
#include "engine/runtime/cuda/cuda_place.h"
#include "kernels/cpu/pulse.h"
#include "kernels/cuda/device.h"

namespace hone {
namespace {

std::optional<std::string> unless_empty(const std::string& text) {
    return text.empty() ? std::nullopt : std::optional(text);
}

// What only an open device tells: how much of it is free, and whether its kernels can be traced. A
// trace is begun and ended to know: permission, another tool and a missing library all show at the
// beginning alone.
void add_state(messages::CudaDevice& told, const cuda::PluginTable& plugin, int index) {
    told.memory_free.emplace();
    told.tracing.emplace();
    told.problem.emplace();
    try {
        cuda::Device device(plugin, index);
        told.memory_free = device.free_bytes();
        const bool kernels = device.begin_trace();
        profiler::CudaRecording recording;
        device.end_trace(recording);
        told.tracing = messages::CudaTracing{.source = recording.source,
                                             .kernels = kernels,
                                             .problem = unless_empty(recording.problem)};
    } catch (const cuda::DeviceError& error) {
        told.problem = error.what();
    }
}

}  // namespace

template <>
messages::DevicesReply answer(const messages::Devices& request, WorkerContext&) {
    const kernels::LongStep asking(kCudaPatience);
    const cuda::PluginLoad& plugin = cuda::load_plugin();
    const cuda::DeviceList list = cuda::list_devices(plugin);
    messages::DevicesReply reply;
    for (std::size_t i = 0; i < list.devices.size(); ++i) {
        messages::CudaDevice& device = reply.devices.emplace_back(told(facts_of(list.devices[i])));
        device.id = fmt::format("cuda:{}", i);
        if (request.open) add_state(device, *plugin.table, static_cast<int>(i));
    }
    reply.problem = unless_empty(list.problem);
    if (!request.open) return reply;
    reply.nccl.emplace();
    if (plugin.table != nullptr) {
        const cuda::LibraryFacts facts = cuda::find_nccl(plugin);
        reply.nccl = messages::DeviceLibrary{.version = unless_empty(facts.version),
                                             .problem = unless_empty(facts.problem)};
    }
    return reply;
}

}  // namespace hone
