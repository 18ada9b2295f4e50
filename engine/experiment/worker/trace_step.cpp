// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "engine/core/error.h"
#include "engine/experiment/worker/prepared.h"
#include "engine/experiment/worker/requests.h"
#include "engine/runtime/generation.h"
#include "profiler/trace/trace.h"

namespace hone {
messages::TraceReply Prepared::trace(const messages::Trace& request, const Progress& progress) {
    begin_step();
    const std::int64_t most = request.most_events;
    if (most < 1 || most > messages::Trace::kMostEvents)
        throw Error(ErrorDetails{"", "", "most_events", std::to_string(most),
                                 "1 to " + std::to_string(messages::Trace::kMostEvents)});
    Sampler sampler(0, experiment_.workload.seed);
    const std::int64_t generated = experiment_.workload.generated_tokens;
    GenerationTimings timings;
    const auto generate = [&](std::int64_t tokens) {
        return run_generation(*runtime_, prompts_.tokens, tokens, sampler, progress);
    };
    // The first token of the short one ends the prompt; two are decoded.
    constexpr std::int64_t kShort = 3;
    const profiler::Trace trace = place_->trace({*runtime_, static_cast<std::size_t>(most),
                                                 [&] { timings = generate(generated); },
                                                 [&] { generate(std::min(generated, kShort)); }});
    profiler::write_spool(trace, request.spool);
    return {.events = std::ssize(trace.events),
            .dropped = static_cast<std::int64_t>(trace.dropped),
            .traced_prefill_seconds = timings.prefill_seconds,
            .traced_decode_seconds = timings.decode_seconds,
            .traced_decoded_tokens = timings.decoded_tokens};
}

template <>
messages::TraceReply answer(const messages::Trace& request, WorkerContext& context) {
    return context.ready().trace(request, context.quiet());
}

}  // namespace hone
