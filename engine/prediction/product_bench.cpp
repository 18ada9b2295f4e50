// SPDX-License-Identifier: Apache-2.0
#include "engine/prediction/product_bench.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <span>

#include "engine/weights/sparse.h"
#include "engine/weights/weight_format.h"

namespace hone {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::int64_t kWeights = 1 << 21;  // of the largest shapes
constexpr std::int64_t kLongestRow = 4096, kMostOutputs = 4096;
constexpr int kSegments = 4;  // the first warms up
constexpr double kSegmentSeconds = 0.008;

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

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace

double median(std::vector<double> values) {
    if (values.empty()) return 0;
    const auto middle = values.begin() + std::ssize(values) / 2;
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

ProductBench::ProductBench(const kernels::Context& context, const Progress& progress, std::int64_t cold)
    : context_(context),
      progress_(progress),
      values_(varied(kWeights)),
      half_zeros_(values_),
      x_(varied(Calibration::kRows.back() * kLongestRow)),
      y_(static_cast<std::size_t>(Calibration::kRows.back() * kMostOutputs)),
      weights_(cold) {
    zero_half(half_zeros_);
}

// A product takes what each call does, each output, and each weight: three shapes tell them apart. What a call takes is lost in the time
// of many rows, and is that of few there.
void ProductBench::run(Calibration& calibration) {
    constexpr std::size_t kFewRows = 2;  // kRows where the call matters: 1 and 8
    double done = 0;
    for (std::size_t i = 0; i < kDTypes; ++i) {
        const DTypeInfo& type = info(static_cast<DType>(i));
        progress_.update(0.75 * done++ / kDTypes, type.name);
        std::vector<kernels::Arithmetic> arithmetics{kernels::Arithmetic::f32};
        for (const auto reduced : {kernels::Arithmetic::bf16, kernels::Arithmetic::i8}) {
            if (can_reduce(matrix_in(type.type, kFew), reduced, context_.isa)) arithmetics.push_back(reduced);
        }
        const auto few = measured(type.type, kFew, arithmetics, Calibration::kRows[kFewRows]),
                   narrow = measured(type.type, kShort, arithmetics, Calibration::kRows.back() + 1),
                   wide = measured(type.type, kLong, arithmetics, Calibration::kRows.back() + 1);
        for (std::size_t a = 0; a < arithmetics.size(); ++a) {
            Calibration::Product product;
            for (std::size_t r = 0; r < Calibration::kRows.size(); ++r) {
                product.per_call[r] =
                    r < kFewRows
                        ? line_through(kFew.outputs, few[a][r], kShort.outputs, narrow[a][r]).per_call
                        : product.per_call[kFewRows - 1];
                const auto a_weight = [&](const Seconds& seconds) {
                    return std::max(0.0, seconds[r] - product.per_call[r]) / kWeights;
                };
                const Cost cost = line_through(1.0 / kLong.inputs, a_weight(wide[a]), 1.0 / kShort.inputs,
                                               a_weight(narrow[a]));
                product.per_weight[r] = cost.per_call;
                product.per_output[r] = cost.per_unit;
            }
            calibration.products[product_key(type.type, arithmetics[a])] = product;
        }
    }
}

StoredTensor ProductBench::matrix_in(DType type, Shape shape) const {
    StoredTensor matrix;
    matrix.name = "calibration";
    matrix.shape = {shape.outputs, shape.inputs};
    const std::vector<float>& values = info(type).sparse ? half_zeros_ : values_;
    matrix.data = std::as_bytes(std::span(values))
                      .first(static_cast<std::size_t>(shape.outputs * shape.inputs) * sizeof(float));
    const Progress quiet{{}, progress_.stop};
    if (!info(type).sparse) return convert_tensor(matrix, type, context_, quiet);
    return *without_zeros(convert_tensor(matrix, info(type).gguf_carrier, context_, quiet), context_, quiet);
}

std::vector<ProductBench::Seconds> ProductBench::measured(DType type, Shape shape,
                                                          const std::vector<kernels::Arithmetic>& arithmetics,
                                                          std::int64_t most_rows) {
    weights_.fill(matrix_in(type, shape), progress_);
    std::vector<Seconds> result;
    for (const kernels::Arithmetic arithmetic : arithmetics) {
        Seconds& by_rows = result.emplace_back();
        by_rows.fill(0);
        for (std::size_t r = 0; r < by_rows.size() && Calibration::kRows[r] < most_rows; ++r)
            by_rows[r] = seconds(arithmetic, Calibration::kRows[r], shape.inputs);
    }
    return result;
}

// The median of some stretches of products, each the mean of those in it: a run's figure is a mean, too.
double ProductBench::seconds(kernels::Arithmetic arithmetic, std::int64_t rows, std::int64_t inputs) {
    std::vector<double> means;
    for (int segment = 0; segment < kSegments; ++segment) {
        progress_.check();
        double sum = 0;
        int calls = 0;
        while (sum < kSegmentSeconds) {
            // What a norm or a rotation is between two products: one thread's, while the others wait for the next.
            std::reverse(x_.begin(), x_.begin() + inputs);
            const StoredTensor& weights = weights_.next();
            const Clock::time_point start = Clock::now();
            multiply(weights, arithmetic, rows);
            sum += seconds_since(start);
            ++calls;
        }
        if (segment > 0) means.push_back(sum / calls);
    }
    const auto [least, most] = std::minmax_element(means.begin(), means.end());
    const double middle = median(means);
    spreads_.push_back((*most - *least) / middle);
    return middle;
}

void ProductBench::multiply(const StoredTensor& tensor, kernels::Arithmetic arithmetic, std::int64_t rows) {
    if (arithmetic == kernels::Arithmetic::f32) return linear(tensor, x_.data(), rows, y_.data(), context_);
    linear_reduced(tensor, x_.data(), rows, y_.data(), arithmetic, scratch(arithmetic), context_);
}

std::byte* ProductBench::scratch(kernels::Arithmetic arithmetic) {
    constexpr std::size_t kAlignment = 64;
    const auto bytes = static_cast<std::size_t>(
        kernels::reduced_input_bytes(arithmetic, Calibration::kRows.back(), kLongestRow, context_.isa));
    if (input_.size() < bytes + kAlignment) input_.resize(bytes + kAlignment);
    void* start = input_.data();
    std::size_t room = input_.size();
    return static_cast<std::byte*>(std::align(kAlignment, bytes, start, room));
}

}  // namespace hone
