// SPDX-License-Identifier: Apache-2.0
#include "engine/core/error.h"
#include "engine/experiment/worker/prepared.h"
#include "engine/experiment/worker/requests.h"
#include "engine/runtime/generation.h"
#include "profiler/trace/recorder.h"

namespace hone {
namespace {

constexpr std::int64_t kMostEvents = 1'000'000;  // 48 MB

// Records as long as it lives, whatever ends the repetition.
class Recording {
public:
    Recording(Runtime& runtime, profiler::TraceRecorder& recorder) : runtime_(runtime) {
        runtime_.trace(&recorder);
    }
    ~Recording() { runtime_.trace(nullptr); }
    Recording(const Recording&) = delete;
    Recording& operator=(const Recording&) = delete;

private:
    Runtime& runtime_;
};

}  // namespace

nlohmann::json Prepared::trace(const nlohmann::json& request, const Progress& progress) {
    fault_.before_step();
    const std::string spool = text_field(request, "spool");
    const auto most = request.value("most_events", kMostEvents);
    if (most < 1 || most > kMostEvents)
        throw Error(
            ErrorDetails{"", "", "most_events", std::to_string(most), "1 to " + std::to_string(kMostEvents)});
    Sampler sampler(0, experiment_.workload.seed);
    profiler::TraceRecorder recorder(static_cast<std::size_t>(most));
    GenerationTimings timings;
    {
        const Recording recording(*runtime_, recorder);
        timings =
            run_generation(*runtime_, prompts_, experiment_.workload.generated_tokens, sampler, progress);
    }
    const profiler::Trace trace = recorder.take();
    profiler::write_spool(trace, spool);
    return {{"events", trace.events.size()},
            {"dropped", trace.dropped},
            {"traced_prefill_seconds", timings.prefill_seconds},
            {"traced_decode_seconds", timings.decode_seconds},
            {"traced_decoded_tokens", timings.decoded_tokens}};
}

}  // namespace hone
