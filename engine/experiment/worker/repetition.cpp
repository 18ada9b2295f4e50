// SPDX-License-Identifier: Apache-2.0
#include "engine/experiment/worker/repetition.h"

#include <chrono>
#include <numeric>
#include <utility>
#include <vector>

#include "engine/experiment/worker/prepared.h"
#include "engine/experiment/worker/requests.h"

namespace hone {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

double mean(const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

}  // namespace

std::map<std::string, double> metrics_of(const GenerationTimings& timings) {
    std::vector<double> first, per_token;
    std::int64_t generated = 0;
    for (const std::vector<double>& times : timings.token_times) {
        first.push_back(times.front());
        if (times.size() > 1)
            per_token.push_back((times.back() - times.front()) /
                                static_cast<double>(times.size() - 1));
        generated += static_cast<std::int64_t>(times.size());
    }
    std::map<std::string, double> metrics{
        {"prefill_tokens_per_second",
         static_cast<double>(timings.prompt_tokens) / timings.prefill_seconds},
        {"time_to_first_token", mean(first)},
        {"total_seconds", timings.total_seconds},
        {"total_tokens_per_second", static_cast<double>(generated) / timings.total_seconds}};
    if (timings.decoded_tokens > 0) {
        metrics["decode_tokens_per_second"] =
            static_cast<double>(timings.decoded_tokens) / timings.decode_seconds;
        metrics["time_per_output_token"] = mean(per_token);
    }
    if (timings.largest_batch > 1)
        metrics["padding_share"] = static_cast<double>(timings.padding_positions) /
                                   static_cast<double>(timings.batch_positions);
    return metrics;
}

// Few bytes are encoded in several rounds, since one would be too short to time.
double tokenize_bytes_per_second(const Tokenizer& tokenizer, std::span<const std::string> texts,
                                 MergeCache* cache) {
    constexpr std::size_t kTimed = 1 << 16;
    std::size_t bytes = 0;
    double seconds = 0;
    do {
        if (cache != nullptr) cache->clear();
        const Clock::time_point start = Clock::now();
        for (const std::string& text : texts) {
            tokenizer.encode(text, SpecialTokens::as_text, cache);
            bytes += text.size();
        }
        seconds += seconds_since(start);
    } while (bytes > 0 && bytes < kTimed);
    return static_cast<double>(bytes) / seconds;
}

messages::RepetitionReply Prepared::repetition(const Progress& progress) {
    begin_step();
    Sampler sampler(0, experiment_.workload.seed);
    MergeCache* const cache = merge_cache_ ? &*merge_cache_ : nullptr;
    const Runtime::Counters before = runtime_->counters();
    const std::int64_t hits_before = cache != nullptr ? cache->hits() : 0;
    account_->begin_peak(*runtime_);
    const double tokenize_rate =
        tokenize_bytes_per_second(model_->tokenizer, prompts_.texts, cache);
    const GenerationTimings timings = run_generation(
        *runtime_, prompts_.tokens, experiment_.workload.generated_tokens, sampler, progress,
        [this] { return place_->room().free.value_or(0); },
        fault_.slows_down() ? [this](double seconds) { fault_.after_pass(seconds); } : AfterPass());
    MemoryReport memory_now = memory();
    const CounterValues counters =
        counter_values(before, runtime_->counters(), config_, timings,
                       weight_evidence_ ? &*weight_evidence_ : nullptr,
                       cache != nullptr ? cache->hits() - hits_before : 0);
    messages::RepetitionReply reply{.metrics = metrics_of(timings),
                                    .token_times = timings.token_times,
                                    .memory = std::move(memory_now),
                                    .counters = {counters.begin(), counters.end()},
                                    .engaged = engagement(experiment_.recipe, counters)};
    reply.metrics["tokenize_bytes_per_second"] = tokenize_rate;
    return reply;
}

template <>
messages::RepetitionReply answer(const messages::Repetition&, WorkerContext& context) {
    return context.ready().repetition(context.quiet());
}

}  // namespace hone
