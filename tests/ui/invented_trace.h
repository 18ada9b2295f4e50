// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "profiler/trace/trace.h"

namespace hone::ui::testing {

// A trace as the recorder writes it, of any length: one prefill pass of `layers` layers, then decode passes, each an embedding, a
// norm, two products and attention a layer, the logits and a sample; 100 ns to 4 µs an operation with 20 ns between them.
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

}  // namespace hone::ui::testing
