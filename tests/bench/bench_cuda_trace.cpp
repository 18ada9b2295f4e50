// SPDX-License-Identifier: Apache-2.0
// bench_cuda_trace [--small] [--record DIR] [DEVICE]: what tracing a CUDA device costs, as JSON:
// the same decode passes without a trace and with one, in turn, wall time; and how far the device's
// logits are from the CPU's in fp32. With --record, short traced runs of two small models are
// written to DIR/NAME.jsonl: recordings that replay to the same report anywhere
// (tests/trace/test_replay.cpp).
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "engine/formats/synthetic.h"
#include "engine/runtime/cuda/cuda_place.h"
#include "engine/runtime/runtime.h"
#include "kernels/cuda/device.h"
#include "profiler/trace/recorder.h"
#include "tests/runtime/sample_model.h"

namespace hone {
namespace {

using Clock = std::chrono::steady_clock;

struct Sizes {
    SyntheticShape shape;
    int rounds = 9;
    std::size_t prompt = 128;
    int tokens = 64;
};

SyntheticShape shape_named(std::string_view name) {
    const auto shapes = synthetic_shapes();
    return *std::find_if(shapes.begin(), shapes.end(),
                         [&](const SyntheticShape& shape) { return shape.name == name; });
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

std::vector<TokenId> some_tokens(std::size_t count) {
    std::vector<TokenId> tokens;
    for (std::size_t i = 0; i < count; ++i)
        tokens.push_back(static_cast<TokenId>((71 + i * i * 13 + i * 7) % 256));
    return tokens;
}

void forward(Runtime& runtime, std::span<const TokenId> tokens) {
    const SequenceInput input{0, tokens};
    runtime.forward({&input, 1});
}

// The account of one traced stretch of `work`.
template <typename Work>
profiler::CudaRecording traced(Runtime& runtime, cuda::Device& device, Work&& work,
                               profiler::Trace& trace) {
    constexpr std::size_t kMostEvents = 1'000'000;
    profiler::TraceRecorder recorder(kMostEvents);
    profiler::CudaRecording recording;
    device.begin_trace();
    runtime.trace(&recorder);
    work();
    runtime.trace(nullptr);
    device.end_trace(recording);
    runtime.describe(recording);
    trace = recorder.take(recording);
    return recording;
}

// Seconds a token. The first steps queue and then capture what the others launch; they are not
// timed.
double decode_seconds(Runtime& runtime, const Sizes& sizes) {
    constexpr int kUntimed = 3;
    const std::vector<TokenId> next{7};
    for (int i = 0; i < kUntimed; ++i) forward(runtime, next);
    const Clock::time_point start = Clock::now();
    for (int i = 0; i < sizes.tokens; ++i) forward(runtime, next);
    return std::chrono::duration<double>(Clock::now() - start).count() / sizes.tokens;
}

nlohmann::json overhead(cuda::Device& device, kernels::ThreadPool& pool, const Sizes& sizes) {
    const std::unique_ptr<Model> model = load_model(make_synthetic(sizes.shape, false));
    const auto context = static_cast<std::int64_t>(sizes.prompt) + sizes.tokens + 8;
    CudaPlace place(device);
    Runtime runtime(*model, {}, pool, 1, context, place, {});
    const std::vector<TokenId> prompt = some_tokens(sizes.prompt);
    const auto plain_round = [&] {
        runtime.clear(0);
        forward(runtime, prompt);
        return decode_seconds(runtime, sizes);
    };
    plain_round();
    // Before the first trace nothing of the profiler is loaded.
    std::vector<double> before, between, with, ratios;
    for (int round = 0; round < sizes.rounds; ++round) before.push_back(plain_round());
    profiler::Trace trace;
    for (int round = 0; round < sizes.rounds; ++round) {
        between.push_back(plain_round());
        runtime.clear(0);
        forward(runtime, prompt);
        traced(
            runtime, device, [&] { with.push_back(decode_seconds(runtime, sizes)); }, trace);
        ratios.push_back(with.back() / between.back());
    }
    const profiler::CudaTraceFacts& facts = trace.device;
    return {{"shape", sizes.shape.name},
            {"source", facts.source},
            {"problem", facts.problem},
            {"untraced_before_seconds", median(before)},
            {"untraced_between_seconds", median(between)},
            {"traced_seconds", median(with)},
            {"ratio", median(ratios)},
            {"kernels", facts.kernels},
            {"launches", facts.launches},
            {"lost_records", facts.lost_records},
            {"kernel_time", facts.kernel_time},
            {"attributed_time", facts.attributed_time}};
}

// A prompt that is all scored, and some steps: the sample model in fp32 where there is one
// (HONE_SAMPLE_DIR), else a tiny one.
nlohmann::json logits_against_cpu(cuda::Device& device, kernels::ThreadPool& pool,
                                  std::size_t tokens) {
    const Model* model = sample_model(DType::f32);
    const std::unique_ptr<Model> tiny = model == nullptr ? tiny_model() : nullptr;
    if (model == nullptr) model = tiny.get();
    constexpr int kSteps = 4;
    const auto context = static_cast<std::int64_t>(tokens) + kSteps;
    CudaPlace place(device);
    Runtime on_cpu(*model, {}, pool, 1, context),
        on_device(*model, {}, pool, 1, context, place, {});
    const std::vector<TokenId> prompt = some_tokens(tokens), next{7};
    double largest = 0;
    for (int step = 0; step <= kSteps; ++step) {
        const SequenceInput input{0, step == 0 ? prompt : next, step == 0};
        const std::span<const float> expected = on_cpu.forward({&input, 1});
        const std::span<const float> is = on_device.forward({&input, 1});
        for (std::size_t i = 0; i < expected.size(); ++i)
            largest =
                std::max(largest, std::isfinite(is[i]) ? std::abs(static_cast<double>(is[i]) -
                                                                  static_cast<double>(expected[i]))
                                                       : HUGE_VAL);
    }
    // JSON has no infinity.
    return {{"model", model->checkpoint.name},
            {"tokens", tokens},
            {"largest_difference",
             std::isfinite(largest) ? nlohmann::json(largest) : nlohmann::json("not finite")}};
}

// A prompt and two steps more, operation by operation.
void count(Runtime& runtime, cuda::Device& device, std::span<const TokenId> prompt,
           profiler::CudaRecording& recording) {
    constexpr std::size_t kMostOperations = 100'000;
    profiler::TraceRecorder recorder(kMostOperations);
    const std::vector<TokenId> next{7};
    if (device.begin_counters()) {
        runtime.clear(0);
        runtime.trace(&recorder);
        forward(runtime, prompt);
        for (int step = 0; step < 2; ++step) forward(runtime, next);
        runtime.trace(nullptr);
    }
    cuda::Device::Counters counters = device.end_counters();
    recording.counters_problem = std::move(counters.problem);
    recording.counted = recorder.take_counted(counters.counted);
    if (!recording.counted.empty()) recording.counters_source = std::move(counters.source);
}

// A prompt and four steps, of which the last two run as a graph.
void record(cuda::Device& device, kernels::ThreadPool& pool, const SyntheticShape& shape,
            const std::string& folder) {
    const std::unique_ptr<Model> model = load_model(make_synthetic(shape, false));
    CudaPlace place(device);
    const PlacePeaks peaks = place.measured_peaks();
    Runtime runtime(*model, {}, pool, 1, 32, place, {});
    profiler::Trace trace;
    const std::vector<TokenId> prompt = some_tokens(9), next{7};
    profiler::CudaRecording recording = traced(
        runtime, device,
        [&] {
            forward(runtime, prompt);
            for (int step = 0; step < 4; ++step) forward(runtime, next);
        },
        trace);
    recording.peak_bandwidth = peaks.bandwidth;
    recording.peak_flops = peaks.flops;
    count(runtime, device, prompt, recording);
    std::filesystem::create_directories(folder);
    profiler::write_recording(recording, folder + "/" + std::string(shape.name) + ".jsonl");
}

struct Arguments {
    int device = 0;
    bool small = false;
    std::string record;
};

int run(const Arguments& arguments) {
    const cuda::PluginLoad& plugin = cuda::load_plugin();
    const cuda::DeviceList list = cuda::list_devices(plugin);
    if (arguments.device >= static_cast<int>(list.devices.size())) {
        std::fprintf(stderr, "bench_cuda_trace: no CUDA device %d: %s\n", arguments.device,
                     list.problem.c_str());
        return 1;
    }
    cuda::Device device(*plugin.table, arguments.device);
    kernels::ThreadPool pool(2);
    Sizes sizes{.shape = shape_named("llama-3-8b")};
    if (arguments.small)
        sizes = {.shape = shape_named("tiny"), .rounds = 1, .prompt = 8, .tokens = 2};
    const nlohmann::json report{
        {"device", device.facts().name},
        {"overhead", overhead(device, pool, sizes)},
        {"logits", logits_against_cpu(device, pool, arguments.small ? 8 : 128)}};
    if (!arguments.record.empty()) {
        record(device, pool, shape_named("tiny"), arguments.record);
        // Four layers of Llama's proportions.
        const SyntheticShape small = llama_shape(
            "llama-small", {4, 512, 8, 2, 64, 1792, 1024, 4096, 0, false}, 500000.0, DType::bf16);
        if (!arguments.small) record(device, pool, small, arguments.record);
    }
    std::printf("%s\n", report.dump(2).c_str());
    return 0;
}

}  // namespace
}  // namespace hone

int main(int argc, char** argv) try {
    hone::Arguments arguments;
    for (int i = 1; i < argc; ++i) {
        const std::string_view argument = argv[i];
        if (argument == "--small") {
            arguments.small = true;
        } else if (argument == "--record" && i + 1 < argc) {
            arguments.record = argv[++i];
        } else if (std::from_chars(argument.begin(), argument.end(), arguments.device).ptr !=
                       argument.end() ||
                   arguments.device < 0) {
            std::fprintf(
                stderr,
                "bench_cuda_trace: '%s': expected --small, --record DIR or a device's number\n",
                argv[i]);
            return 2;
        }
    }
    return hone::run(arguments);
} catch (const std::exception& error) {
    std::fprintf(stderr, "bench_cuda_trace: %s\n", error.what());
    return 1;
}
