// SPDX-License-Identifier: Apache-2.0
#include "engine/prediction/calibrate.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <numeric>
#include <span>
#include <vector>

#include "engine/formats/synthetic.h"
#include "engine/model/model.h"
#include "engine/runtime/runtime.h"
#include "engine/runtime/sampling.h"
#include "engine/weights/sparse.h"
#include "engine/weights/weight_format.h"
#include "profiler/trace/recorder.h"

namespace hone {
namespace {

using Clock = std::chrono::steady_clock;
using profiler::Operation;
using profiler::TracePhase;

// Matrices of as many weights with many short and with few long rows.
constexpr std::int64_t kWeights = 1 << 22, kShortRow = 512, kLongRow = 4096;
constexpr int kRepetitions = 5;

template <typename Work>
double seconds_of(Work&& work) {
    const Clock::time_point start = Clock::now();
    work();
    return std::chrono::duration<double>(Clock::now() - start).count();
}

double median(std::vector<double> values) {
    const auto middle = values.begin() + std::ssize(values) / 2;
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

// Once to warm up, then the least: what else the machine does only ever adds.
template <typename Work>
double typical_seconds(Work&& work) {
    work();
    std::vector<double> seconds;
    seconds.reserve(kRepetitions);
    for (int i = 0; i < kRepetitions; ++i) seconds.push_back(seconds_of(work));
    return *std::min_element(seconds.begin(), seconds.end());
}

std::vector<float> varied(std::int64_t count) {
    std::vector<float> values(static_cast<std::size_t>(count));
    std::uint32_t state = 1;
    for (float& value : values) {
        state = state * 1664525U + 1013904223U;
        value = static_cast<float>(static_cast<std::int32_t>(state)) * 0x1p-36F;
    }
    return values;
}

// Half of the values, in no pattern that a processor could foresee. What a sparse type costs grows with what it stores; half is what
// pruning mostly leaves.
void zero_half(std::vector<float>& values) {
    std::uint32_t state = 7;
    for (float& value : values) {
        state = state * 1664525U + 1013904223U;
        if (state >> 31U != 0) value = 0;
    }
}

StoredTensor matrix_of(const std::vector<float>& values, std::int64_t outputs, std::int64_t inputs) {
    StoredTensor tensor;
    tensor.name = "calibration";
    tensor.type = DType::f32;
    tensor.shape = {outputs, inputs};
    tensor.data =
        std::as_bytes(std::span(values)).first(static_cast<std::size_t>(outputs * inputs) * sizeof(float));
    return tensor;
}

// The same values at other addresses, so that reading them takes memory's time.
std::vector<StoredTensor> copies_of(const StoredTensor& tensor, std::int64_t bytes) {
    const std::int64_t count = std::max<std::int64_t>(2, bytes / std::ssize(tensor.data));
    std::vector<StoredTensor> copies(static_cast<std::size_t>(count), tensor);
    for (StoredTensor& copy : copies) {
        std::shared_ptr<std::byte[]> data(new std::byte[tensor.data.size()]);
        std::copy(tensor.data.begin(), tensor.data.end(), data.get());
        copy.data = {data.get(), tensor.data.size()};
        copy.owner = data;
    }
    return copies;
}

class ProductBench {
public:
    ProductBench(const kernels::Context& context, const Progress& progress, std::int64_t streamed)
        : context_(context), progress_(progress), streamed_(streamed), values_(varied(kWeights)) {
        half_zeros_ = values_;
        zero_half(half_zeros_);
        x_ = varied(Calibration::kRows.back() * kLongRow);
        y_.resize(static_cast<std::size_t>(Calibration::kRows.back() * kWeights / kShortRow));
    }

    void run(Calibration& calibration) {
        const StoredTensor small = matrix_of(values_, 64, 64);
        constexpr int kCalls = 200;
        calibration.product_call = typical_seconds([&] {
                                       for (int i = 0; i < kCalls; ++i)
                                           linear(small, x_.data(), 1, y_.data(), context_);
                                   }) /
                                   kCalls;
        double done = 0;
        for (std::size_t i = 0; i < kDTypes; ++i) {
            const DTypeInfo& type = info(static_cast<DType>(i));
            progress_.update(0.8 * done++ / kDTypes, type.name);
            const std::vector<StoredTensor> narrow = copies_in(type.type, kShortRow),
                                            wide = copies_in(type.type, kLongRow);
            for (const auto arithmetic :
                 {kernels::Arithmetic::f32, kernels::Arithmetic::bf16, kernels::Arithmetic::i8}) {
                if (arithmetic != kernels::Arithmetic::f32 &&
                    !can_reduce(wide.front(), arithmetic, context_.isa))
                    continue;
                calibration.products[product_key(type.type, arithmetic)] = measured(narrow, wide, arithmetic);
            }
        }
    }

private:
    std::vector<StoredTensor> copies_in(DType type, std::int64_t inputs) const {
        const StoredTensor matrix = matrix_of(values_, kWeights / inputs, inputs);
        const Progress quiet{{}, progress_.stop};
        if (!info(type).sparse) return copies_of(convert_tensor(matrix, type, context_, quiet), streamed_);
        const StoredTensor half = matrix_of(half_zeros_, kWeights / inputs, inputs);
        return copies_of(
            *without_zeros(convert_tensor(half, info(type).gguf_carrier, context_, quiet), context_, quiet),
            streamed_);
    }

    // A weight's time is that of an output, shared by its row, and its own.
    Calibration::Product measured(std::span<const StoredTensor> narrow, std::span<const StoredTensor> wide,
                                  kernels::Arithmetic arithmetic) {
        Calibration::Product product;
        for (std::size_t i = 0; i < Calibration::kRows.size(); ++i) {
            const std::int64_t rows = Calibration::kRows[i];
            const Cost cost = line_through(1.0 / kLongRow, seconds_a_weight(wide, arithmetic, rows),
                                           1.0 / kShortRow, seconds_a_weight(narrow, arithmetic, rows));
            product.per_weight[i] = cost.per_call;
            product.per_output[i] = cost.per_unit;
        }
        return product;
    }

    // Few matrices suffice where arithmetic and not memory takes the time.
    double seconds_a_weight(std::span<const StoredTensor> copies, kernels::Arithmetic arithmetic,
                            std::int64_t rows) {
        const auto count = std::max<std::size_t>(1, copies.size() / static_cast<std::size_t>(rows));
        const auto pass = [&] {
            for (const StoredTensor& tensor : copies.first(count)) multiply(tensor, arithmetic, rows);
        };
        progress_.check();
        return typical_seconds(pass) / static_cast<double>(count) / kWeights;
    }

    void multiply(const StoredTensor& tensor, kernels::Arithmetic arithmetic, std::int64_t rows) {
        if (arithmetic == kernels::Arithmetic::f32)
            return linear(tensor, x_.data(), rows, y_.data(), context_);
        linear_reduced(tensor, x_.data(), rows, y_.data(), arithmetic, scratch(arithmetic), context_);
    }

    std::byte* scratch(kernels::Arithmetic arithmetic) {
        constexpr std::size_t kAlignment = 64;
        const auto bytes = static_cast<std::size_t>(
            kernels::reduced_input_bytes(arithmetic, Calibration::kRows.back(), kLongRow, context_.isa));
        if (input_.size() < bytes + kAlignment) input_.resize(bytes + kAlignment);
        void* start = input_.data();
        std::size_t room = input_.size();
        return static_cast<std::byte*>(std::align(kAlignment, bytes, start, room));
    }

    const kernels::Context& context_;
    const Progress& progress_;
    std::int64_t streamed_;
    std::vector<float> values_, half_zeros_, x_, y_;
    std::vector<std::byte> input_;
};

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
    const std::vector<float> logits(kVocabulary, 0.5F);
    Sampler sampler(0, 1);
    const double seconds = typical_seconds([&] { sampler.sample(logits); });
    return {0, seconds / (kVocabulary * sizeof(float))};
}

// Norms, rotations and the like from one row to many; attention and the cache by storage.
void measure_operations(Calibration& calibration, const kernels::Context& context, const Progress& progress) {
    static constexpr SyntheticShape kShape{"calibration", 2,   512,  8,       2,    64,
                                           1024,          320, 2048, 10000.0, true, DType::f32};
    constexpr std::int64_t kShort = 16, kLong = 384;
    const std::unique_ptr<Model> model = load_model(make_synthetic(kShape, true));
    for (const KvStorage storage : {KvStorage::f32, KvStorage::f16, KvStorage::i8}) {
        progress.update(0.8 + 0.06 * static_cast<double>(storage), "attention");
        RunConfig config;
        config.isa = context.isa;
        config.kv_cache = storage;
        Runtime runtime(*model, config, context.pool, 1, 2 * kLong);
        Passes brief = observed_passes(runtime, kShort), far = observed_passes(runtime, kLong);
        for (const TracePhase phase : {TracePhase::prefill, TracePhase::decode}) {
            const bool prefill = phase == TracePhase::prefill;
            calibration.operations[operation_key(Operation::attention, storage, phase)] =
                cost_of((prefill ? brief.prefill : brief.decode)[Operation::attention],
                        (prefill ? far.prefill : far.decode)[Operation::attention]);
            calibration.operations[operation_key(Operation::remember, storage, phase)] =
                cost_of(brief.decode[Operation::remember], far.prefill[Operation::remember]);
        }
        if (storage != KvStorage::f32) continue;
        for (const Operation operation :
             {Operation::embed, Operation::norm, Operation::rope, Operation::gate, Operation::add})
            calibration.operations[operation_key(operation)] =
                cost_of(brief.decode[operation], far.prefill[operation]);
    }
    calibration.operations[operation_key(Operation::sample)] = sample_cost();
}

}  // namespace

Calibration calibrate(const kernels::Context& context, const Progress& progress, std::int64_t streamed) {
    Calibration calibration;
    calibration.threads = context.pool.size();
    ProductBench(context, progress, streamed).run(calibration);
    measure_operations(calibration, context, progress);
    return calibration;
}

}  // namespace hone
