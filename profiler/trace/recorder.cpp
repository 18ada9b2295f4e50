// SPDX-License-Identifier: Apache-2.0
#include "profiler/trace/recorder.h"

#include <algorithm>
#include <utility>

namespace hone::profiler {
namespace {

// "blk.7.attn_q.weight" → "attn_q": the layer is the event's own. Products that are computed
// together are all named: "attn_q + attn_k".
std::string short_name(std::string_view name) {
    constexpr std::string_view kBlock = "blk.", kWeight = ".weight", kTogether = " + ";
    std::string text;
    for (std::size_t begin = 0; begin <= name.size();) {
        const std::size_t end = std::min(name.find(kTogether, begin), name.size());
        std::string_view part = name.substr(begin, end - begin);
        if (part.starts_with(kBlock)) {
            const std::size_t dot = part.find('.', kBlock.size());
            if (dot != std::string_view::npos) part.remove_prefix(dot + 1);
        }
        if (part.ends_with(kWeight)) part.remove_suffix(kWeight.size());
        if (!text.empty()) text += kTogether;
        text += part;
        begin = end + kTogether.size();
    }
    return text;
}

}  // namespace

// Every layer brought names of its own; they become one, unless layers are computed by different
// kernels.
Trace TraceRecorder::take() {
    std::unordered_map<std::string, std::uint16_t> shared;
    std::vector<std::uint16_t> id_of;
    std::vector<std::string> names;
    const auto kernels = std::exchange(trace_.kernels, {});
    for (const std::string& full : trace_.names) {
        std::string name = short_name(full);
        if (const auto kernel = kernels.find(full); kernel != kernels.end()) {
            if (trace_.kernel_of(name) != kernel->second && trace_.kernels.contains(name))
                name += ", " + kernel->second;
            trace_.kernels.emplace(name, kernel->second);
        }
        const auto [found, added] =
            shared.try_emplace(std::move(name), static_cast<std::uint16_t>(shared.size()));
        if (added) names.push_back(found->first);
        id_of.push_back(found->second);
    }
    for (TraceEvent& event : trace_.events) event.name = id_of[event.name];
    for (QueuedOperation& operation : queued_) operation.name = id_of[operation.name];
    trace_.names = std::move(names);
    ids_.clear();
    ids_by_text_.clear();
    return std::exchange(trace_, {});
}

Trace TraceRecorder::take(CudaRecording& recording) {
    constexpr std::int32_t kHost = 2;  // a track that cuda_trace() leaves free
    Trace host = take();
    recording.begin =
        std::chrono::duration_cast<std::chrono::nanoseconds>(origin_.time_since_epoch()).count();
    recording.operation_names = host.names;
    recording.operations = std::exchange(queued_, {});
    recording.captures = std::exchange(captures_, {});
    Trace trace = cuda_trace(recording);
    trace.dropped += host.dropped;
    std::vector<std::uint16_t> id_of;
    for (std::string& name : host.names) {
        const auto at = std::find(trace.names.begin(), trace.names.end(), name);
        id_of.push_back(static_cast<std::uint16_t>(at - trace.names.begin()));
        if (at == trace.names.end()) trace.names.push_back(std::move(name));
    }
    if (!host.events.empty())
        trace.tracks.insert(trace.tracks.begin(), {kHost, TrackKind::thread, "CPU"});
    for (TraceEvent& event : host.events) {
        event.name = id_of[event.name];
        event.track = kHost;
        trace.events.push_back(event);
    }
    std::stable_sort(trace.events.begin(), trace.events.end(),
                     [](const TraceEvent& a, const TraceEvent& b) { return a.start < b.start; });
    return trace;
}

std::vector<CountedOperation> TraceRecorder::take_counted(std::span<const Counted> counted) {
    const Trace names = take();
    const std::vector<QueuedOperation> queued = std::exchange(queued_, {});
    captures_.clear();
    std::vector<CountedOperation> operations;
    for (const auto& [mark, counters] : counted) {
        if (mark == 0 || mark > queued.size()) continue;
        const QueuedOperation& of = queued[mark - 1];
        operations.push_back({of.operation, of.phase, of.layer, names.names[of.name], counters});
    }
    return operations;
}

}  // namespace hone::profiler
