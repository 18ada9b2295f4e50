// SPDX-License-Identifier: Apache-2.0
// Prefill and decode of the sample model: HONE_SAMPLE_DIR=… bench_runtime [--benchmark_filter=BF16]
#include <benchmark/benchmark.h>

#include <memory>

#include "engine/runtime/generation.h"
#include "tests/runtime/sample_model.h"

namespace hone {
namespace {

constexpr std::int64_t kPrompt = 512;
constexpr std::int64_t kGenerate = 129;  // 128 steps behind the first token

const Model* model_or_skip(benchmark::State& state, DType type) {
    const Model* model = sample_model(type);
    if (model == nullptr) state.SkipWithError("needs the sample model in HONE_SAMPLE_DIR");
    return model;
}

// One prompt of 512 tokens, then 128 steps at that depth; both phases as a benchmark run reports
// them.
void generate(benchmark::State& state, DType type) {
    const Model* model = model_or_skip(state, type);
    if (model == nullptr) return;
    kernels::ThreadPool pool(static_cast<int>(state.range(0)));
    Runtime runtime(*model, {}, pool, 1, kPrompt + kGenerate);
    std::vector<std::vector<TokenId>> prompts(1);
    for (std::int64_t i = 0; i < kPrompt; ++i)
        prompts[0].push_back(static_cast<TokenId>(1000 + 7 * i % 20000));
    double prefill = 0, decode = 0;
    for ([[maybe_unused]] auto iteration : state) {
        Sampler sampler(0, 1);
        const GenerationTimings timings = run_generation(runtime, prompts, kGenerate, sampler, {});
        prefill += timings.prefill_seconds;
        decode += timings.decode_seconds;
    }
    const auto runs = static_cast<double>(state.iterations());
    state.counters["prefill_tok/s"] = static_cast<double>(kPrompt) * runs / prefill;
    state.counters["decode_tok/s"] = static_cast<double>(kGenerate - 1) * runs / decode;
}

void short_decode(benchmark::State& state, DType type) {
    const Model* model = model_or_skip(state, type);
    if (model == nullptr) return;
    kernels::ThreadPool pool(static_cast<int>(state.range(0)));
    Runtime runtime(*model, {}, pool, 1, 256);
    const std::vector<std::vector<TokenId>> prompts{{1}};
    double decode = 0;
    for ([[maybe_unused]] auto iteration : state) {
        Sampler sampler(0, 1);
        decode += run_generation(runtime, prompts, kGenerate, sampler, {}).decode_seconds;
    }
    state.counters["decode_tok/s"] =
        static_cast<double>(kGenerate - 1) * static_cast<double>(state.iterations()) / decode;
}

BENCHMARK_CAPTURE(generate, BF16, DType::bf16)
    ->Arg(2)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(generate, F32, DType::f32)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(generate, Q8_0, DType::q8_0)
    ->Arg(2)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(short_decode, BF16, DType::bf16)
    ->Arg(2)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(short_decode, F32, DType::f32)
    ->Arg(2)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace hone
