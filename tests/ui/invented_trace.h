// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <vector>

#include "profiler/trace/trace.h"

namespace hone::ui::testing {

// A trace as the recorder writes it, of any length: one prefill pass of `layers` layers, then
// decode passes, each an embedding, a norm, two products and attention a layer, the logits and a
// sample; 100 ns to 4 µs an operation with 20 ns between them.
inline profiler::Trace inventedTrace(std::size_t events, int layers = 3) {
    using profiler::Operation;
    struct Step {
        std::uint16_t name;
        Operation operation;
        std::int64_t duration, bytes, flops;
    };
    static constexpr Step layerSteps[] = {{1, Operation::norm, 200, 4096, 2048},
                                          {2, Operation::linear, 2000, 663552, 42467},
                                          {3, Operation::attention, 900, 98304, 4792},
                                          {4, Operation::linear, 4000, 1769472, 113246}};
    profiler::Trace trace;
    trace.names = {"embed", "attn_norm", "attn_q", "attention", "ffn_down", "token_embd", "sample"};
    trace.events.reserve(events);
    std::int64_t now = 50;
    auto phase = profiler::TracePhase::prefill;
    const auto add = [&](const Step& step, int layer) {
        if (trace.events.size() == events) return;
        trace.events.push_back({.start = now,
                                .duration = step.duration,
                                .bytes = step.bytes,
                                .flops = step.flops,
                                .layer = layer,
                                .name = step.name,
                                .operation = step.operation,
                                .phase = phase});
        now += step.duration + 20;
    };
    while (trace.events.size() < events) {
        add({0, Operation::embed, 100, 2048, 0}, -1);
        for (int layer = 0; layer < layers; ++layer)
            for (const Step& step : layerSteps) add(step, layer);
        add({5, Operation::logits, 3000, 30081024, 60162048}, -1);
        add({6, Operation::sample, 400, 4096, 0}, -1);
        phase = profiler::TracePhase::decode;
    }
    return trace;
}

// The same on a device: calls of the host, kernels of a stream with their launches, a copy a pass,
// memory by class, which changes at `moments` times more, and measured peaks.
inline profiler::Trace inventedCudaTrace(std::size_t kernels, int layers = 3, int moments = 0) {
    using namespace profiler;
    Trace trace = inventedTrace(kernels, layers);
    trace.tracks = {{0, TrackKind::calls, "CUDA calls"},
                    {16, TrackKind::stream, "stream 7"},
                    {17, TrackKind::copies, "copies 7"}};
    trace.launches = {{{24, 1, 1}, {256, 1, 1}, 40, 4096}};
    std::vector<TraceEvent> others;
    trace.names.insert(trace.names.end(), {"cudaLaunchKernel", "copy to host"});
    const auto call = static_cast<std::uint16_t>(trace.names.size() - 2);
    for (TraceEvent& event : trace.events) {
        event.track = 16;
        event.launch = 1;
        TraceEvent launched = event;
        launched.start = std::max<std::int64_t>(0, event.start - 40);
        launched.duration = 15;
        launched.track = 0;
        launched.launch = 0;
        launched.name = call;
        launched.operation = Operation::call;
        launched.bytes = launched.flops = 0;
        others.push_back(launched);
        if (event.operation != Operation::sample) continue;
        launched.track = 17;
        launched.name = static_cast<std::uint16_t>(call + 1);
        launched.operation = Operation::copy;
        launched.bytes = 4096;
        others.push_back(launched);
    }
    trace.events.insert(trace.events.end(), others.begin(), others.end());
    std::stable_sort(trace.events.begin(), trace.events.end(),
                     [](const TraceEvent& a, const TraceEvent& b) { return a.start < b.start; });
    const std::int64_t end = trace.events.back().start;
    trace.memory = {{"weights", {{0, 270'000'000}}},
                    {"kv_cache", {{0, 4'000'000}, {end / 2, 60'000'000}}},
                    {"activations", {{0, 12'000'000}}},
                    {"CUPTI 13.0.1", {{0, 286'000'000}, {end / 2, 342'000'000}}, true}};
    for (int i = 1; i <= moments; ++i) {
        const std::int64_t time = end / 2 + end / 2 * i / (moments + 1),
                           held = 12'000'000 + i % 7 * 3'000'000;
        trace.memory[2].moments.push_back({time, held});
        trace.memory[3].moments.push_back({time, 330'000'000 + held});
    }
    trace.device.device = "Invented device";
    trace.device.source = "CUPTI 13.0.1";
    trace.device.kernels = trace.device.launches = static_cast<std::int64_t>(kernels);
    trace.device.kernel_time = trace.device.attributed_time = 1000;
    trace.device.clock_error = 40;
    trace.device.peak_bandwidth = 3e12;
    trace.device.peak_flops = 6e14;
    return trace;
}

}  // namespace hone::ui::testing
