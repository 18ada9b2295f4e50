// SPDX-License-Identifier: Apache-2.0
#include "engine/prediction/calibrate.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <span>
#include <vector>

#include "engine/formats/synthetic.h"
#include "engine/model/model.h"
#include "engine/prediction/attention_bench.h"
#include "engine/prediction/cold_weights.h"
#include "engine/prediction/machine_load.h"
#include "engine/prediction/product_bench.h"
#include "engine/runtime/runtime.h"
#include "engine/runtime/sampling.h"
#include "profiler/trace/recorder.h"

namespace hone {
namespace {

using Clock = std::chrono::steady_clock;
using profiler::Operation;
using profiler::TracePhase;

constexpr int kRepetitions = 3;

// What the operations of one pass took, and how much each did: medians over layers and repetitions.
struct Observed {
    std::vector<double> seconds;
    double units = 0;
};
using ObservedByOperation = std::map<Operation, Observed>;

double units_of(const profiler::TraceEvent& event) {
    return static_cast<double>(event.operation == Operation::attention ? event.flops : event.bytes);
}

void observe(ObservedByOperation& observed, const profiler::Trace& trace, TracePhase phase) {
    for (const profiler::TraceEvent& event : trace.events) {
        if (event.phase != phase) continue;
        Observed& operation = observed[event.operation];
        operation.seconds.push_back(static_cast<double>(event.duration) * 1e-9);
        operation.units = std::max(operation.units, units_of(event));
    }
}

// One prompt of `tokens` and some tokens after it, several times.
struct Passes {
    ObservedByOperation prefill, decode;
};

Passes observed_passes(Runtime& runtime, std::int64_t tokens) {
    constexpr int kDecoded = 6, kEvents = 1 << 14;
    const std::vector<TokenId> prompt(static_cast<std::size_t>(tokens), TokenId{1});
    Passes passes;
    for (int i = -1; i < kRepetitions; ++i) {  // the first to warm up
        profiler::TraceRecorder recorder(kEvents);
        runtime.clear(0);
        runtime.trace(&recorder);
        const SequenceInput whole{0, prompt}, one{0, std::span(prompt).first(1)};
        runtime.forward({&whole, 1});
        for (int step = 0; step < kDecoded; ++step) runtime.forward({&one, 1});
        runtime.trace(nullptr);
        const profiler::Trace trace = recorder.take();
        if (i < 0) continue;
        observe(passes.prefill, trace, TracePhase::prefill);
        observe(passes.decode, trace, TracePhase::decode);
    }
    return passes;
}

Cost cost_of(const Observed& less, const Observed& more) {
    return line_through(less.units, median(less.seconds), more.units, median(more.seconds));
}

Cost sample_cost() {
    constexpr std::size_t kVocabulary = 1 << 15;
    constexpr int kSamples = 9;
    const std::vector<float> logits(kVocabulary, 0.5F);
    Sampler sampler(0, 1);
    std::vector<double> seconds;
    for (int i = 0; i < kSamples; ++i) {
        const Clock::time_point start = Clock::now();
        sampler.sample(logits);
        seconds.push_back(std::chrono::duration<double>(Clock::now() - start).count());
    }
    return {0, median(seconds) / (kVocabulary * sizeof(float))};
}

// Norms, rotations and the like from one row to many; attention to a prompt, and the cache, by
// storage and layout.
void measure_operations(Calibration& calibration, const kernels::Context& context,
                        const Progress& progress) {
    static constexpr SyntheticShape kShape = llama_shape(
        "calibration", {2, 512, 8, 2, 64, 1024, 320, 2048, 0, true}, 10000.0, DType::f32);
    constexpr std::int64_t kShort = 16, kLong = 384;
    const std::unique_ptr<Model> model = load_model(make_synthetic(kShape, true));
    for (const KvStorage storage : {KvStorage::f32, KvStorage::f16, KvStorage::i8}) {
        for (const KvLayout layout : {KvLayout::contiguous, KvLayout::paged}) {
            progress.update(0.75 + 0.06 * static_cast<double>(storage), "attention");
            RunConfig config;
            config.isa = context.isa;
            config.kv_cache = storage;
            config.kv_layout = layout;
            Runtime runtime(*model, config, context.pool, 1, 2 * kLong);
            Passes brief = observed_passes(runtime, kShort), far = observed_passes(runtime, kLong);
            calibration.operations[operation_key(Operation::attention, storage, TracePhase::prefill,
                                                 layout)] =
                cost_of(brief.prefill[Operation::attention], far.prefill[Operation::attention]);
            for (const TracePhase phase : {TracePhase::prefill, TracePhase::decode})
                calibration.operations[operation_key(Operation::remember, storage, phase, layout)] =
                    cost_of(brief.decode[Operation::remember], far.prefill[Operation::remember]);
            if (storage != KvStorage::f32 || layout != KvLayout::contiguous) continue;
            for (const Operation operation : {Operation::embed, Operation::norm, Operation::rope,
                                              Operation::gate, Operation::add})
                calibration.operations[operation_key(operation)] =
                    cost_of(brief.decode[operation], far.prefill[operation]);
        }
    }
    calibration.operations[operation_key(Operation::sample)] = sample_cost();
}

}  // namespace

Calibration calibrate(const kernels::Context& context, const Progress& progress,
                      std::int64_t cold) {
    const LoadWatch watch;
    Calibration calibration;
    calibration.threads = context.pool.size();
    {
        ProductBench products(context, progress, cold);
        products.run(calibration);
        calibration.spread = median(products.spreads());
    }
    measure_operations(calibration, context, progress);
    progress.update(0.95, "attention");
    measure_decode_attention(calibration, context, progress, cold);
    const MachineLoad load = watch.load();
    calibration.others = std::max(load.others, load.stolen);
    return calibration;
}

}  // namespace hone
