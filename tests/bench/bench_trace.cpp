// SPDX-License-Identifier: Apache-2.0
// What recording costs: ns an event, events a token, and their share of the time a token takes;
// then decoding itself with and without, in turn. Needs the sample model (HONE_SAMPLE_DIR).
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

#include "engine/runtime/runtime.h"
#include "profiler/trace/recorder.h"
#include "tests/runtime/sample_model.h"

namespace hone {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int kRounds = 15, kTokens = 32;

double median(std::vector<double> values) {
    std::nth_element(values.begin(), values.begin() + std::ssize(values) / 2, values.end());
    return values[values.size() / 2];
}

// Two looks at the clock and the store of an event, over as many names as a model of 30 layers has.
double ns_per_event() {
    constexpr std::int64_t kEvents = 1'000'000;
    const std::vector<std::string> names(280, "blk.0.attn_output.weight");
    std::vector<double> rounds;
    for (int round = 0; round < 5; ++round) {
        profiler::TraceRecorder recorder(kEvents);
        const Clock::time_point start = Clock::now();
        for (std::int64_t i = 0; i < kEvents; ++i) {
            const std::int64_t begin = recorder.now();
            recorder.add({.start = begin, .duration = recorder.now() - begin, .bytes = i},
                         names[static_cast<std::size_t>(i) % names.size()]);
        }
        rounds.push_back(std::chrono::duration<double, std::nano>(Clock::now() - start).count() /
                         static_cast<double>(kEvents));
    }
    return median(rounds);
}

double ns_per_token(Runtime& runtime, profiler::TraceRecorder* recorder) {
    const std::vector<TokenId> prompt(64, 5), next{7};
    const SequenceInput first{0, prompt}, more{0, next};
    runtime.clear(0);
    runtime.trace(nullptr);
    runtime.forward({&first, 1});
    runtime.trace(recorder);
    const Clock::time_point start = Clock::now();
    for (int token = 0; token < kTokens; ++token) runtime.forward({&more, 1});
    const double seconds = std::chrono::duration<double, std::nano>(Clock::now() - start).count();
    runtime.trace(nullptr);
    return seconds / kTokens;
}

int run() {
    const Model* const model = sample_model(std::nullopt);
    if (model == nullptr) {
        std::fprintf(stderr, "bench_trace: needs the sample model in HONE_SAMPLE_DIR\n");
        return 1;
    }
    kernels::ThreadPool pool(2);
    Runtime runtime(*model, {}, pool, 1, 256);
    profiler::TraceRecorder recorder(std::size_t{kRounds} * kTokens * 1000);
    ns_per_token(runtime, nullptr);  // warm-up
    std::vector<double> plain, traced, ratios;
    for (int round = 0; round < kRounds; ++round) {
        plain.push_back(ns_per_token(runtime, nullptr));
        traced.push_back(ns_per_token(runtime, &recorder));
        ratios.push_back(traced.back() / plain.back());
    }
    const double events = static_cast<double>(recorder.take().events.size()) / (kRounds * kTokens);
    const double cost = ns_per_event(), token = median(plain);
    std::printf("cost per event        %8.1f ns\n", cost);
    std::printf("events per token      %8.0f\n", events);
    std::printf("time per token        %8.3f ms untraced, %.3f ms traced (medians of %d rounds)\n",
                token / 1e6, median(traced) / 1e6, kRounds);
    std::printf("share of a token      %8.2f %% (cost x events / time)\n",
                100 * cost * events / token);
    std::printf("traced / untraced     %8.3f (median of pairs; %.3f to %.3f)\n", median(ratios),
                *std::min_element(ratios.begin(), ratios.end()),
                *std::max_element(ratios.begin(), ratios.end()));
    return cost * events / token <= 0.02 ? 0 : 1;
}

}  // namespace
}  // namespace hone

int main() {
    return hone::run();
}
