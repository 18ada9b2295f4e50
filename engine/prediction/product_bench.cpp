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

constexpr std::int64_t kWeights = kLongRows.outputs * kLongRows.inputs;  // of the largest shapes
static_assert(kWeights == kShortRows.outputs * kShortRows.inputs);
constexpr std::int64_t kLongestRow = kLongRows.inputs, kMostOutputs = kShortRows.outputs;
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

// Leaves that share of the values, in no pattern that a processor could foresee.
void zero_all_but(double kept, std::span<float> values) {
    std::uint32_t state = 7;
    for (float& value : values) {
        state = state * 1664525U + 1013904223U;
        if (static_cast<double>(state) * 0x1p-32 >= kept) value = 0;
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

ProductBench::ProductBench(const kernels::Context& context, const Progress& progress,
                           std::int64_t cold)
    : context_(context), progress_(progress), values_(varied(kWeights)), weights_(cold) {
    const std::vector<float> inputs = varied(Calibration::kRows.back() * kLongestRow);
    x_.allocate(std::ssize(inputs));
    std::copy(inputs.begin(), inputs.end(), x_.data());
    y_.allocate(Calibration::kRows.back() * kMostOutputs);
    std::fill_n(y_.data(), y_.size(), 0.0F);
}

void ProductBench::run(Calibration& calibration) {
    const std::vector<WeightForm> forms = calibrated_forms();
    for (std::size_t i = 0; i < forms.size(); ++i) {
        const WeightForm& form = forms[i];
        progress_.update(0.75 * static_cast<double>(i) / static_cast<double>(forms.size()),
                         info(form.type).name);
        std::vector<kernels::Arithmetic> arithmetics{kernels::Arithmetic::f32};
        for (const auto reduced : {kernels::Arithmetic::bf16, kernels::Arithmetic::i8}) {
            if (can_reduce(matrix_in(form, kFewWeights), reduced, context_.isa))
                arithmetics.push_back(reduced);
        }
        const auto few = measured(form, kFewWeights, arithmetics),
                   narrow = measured(form, kShortRows, arithmetics),
                   wide = measured(form, kLongRows, arithmetics);
        for (std::size_t a = 0; a < arithmetics.size(); ++a)
            calibration.products[product_key(form, arithmetics[a])] =
                fitted_product(few[a], narrow[a], wide[a]);
    }
}

StoredTensor ProductBench::matrix_in(const WeightForm& form, const ProductShape& shape) const {
    std::vector<float> values(values_.begin(), values_.begin() + shape.outputs * shape.inputs);
    const DTypeInfo& type = info(form.type);
    if (type.sparse) zero_all_but(form.kept, values);
    StoredTensor matrix;
    matrix.name = "calibration";
    matrix.shape = {shape.outputs, shape.inputs};
    matrix.data = std::as_bytes(std::span(values));
    const Progress quiet{{}, progress_.stop};
    matrix = convert_tensor(matrix, type.sparse ? type.gguf_carrier : form.type, context_, quiet);
    return type.sparse ? *without_zeros(matrix, context_, quiet) : matrix;
}

std::vector<SecondsByRows> ProductBench::measured(
    const WeightForm& form, const ProductShape& shape,
    const std::vector<kernels::Arithmetic>& arithmetics) {
    weights_.fill(matrix_in(form, shape), progress_);
    std::vector<SecondsByRows> result;
    for (const kernels::Arithmetic arithmetic : arithmetics) {
        SecondsByRows& by_rows = result.emplace_back();
        by_rows.fill(0);
        for (std::size_t r = 0; r < shape.rows; ++r)
            by_rows[r] = seconds(arithmetic, Calibration::kRows[r], shape.inputs);
    }
    return result;
}

// The median of some stretches of products, each the mean of those in it: a run's figure is a mean,
// too.
double ProductBench::seconds(kernels::Arithmetic arithmetic, std::int64_t rows,
                             std::int64_t inputs) {
    std::vector<double> means;
    for (int segment = 0; segment < kSegments; ++segment) {
        progress_.check();
        double sum = 0;
        int calls = 0;
        while (sum < kSegmentSeconds) {
            // What a norm or a rotation is between two products: one thread's, while the others
            // wait for the next.
            std::reverse(x_.data(), x_.data() + inputs);
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

void ProductBench::multiply(const StoredTensor& tensor, kernels::Arithmetic arithmetic,
                            std::int64_t rows) {
    if (arithmetic == kernels::Arithmetic::f32)
        return linear(tensor, x_.data(), rows, y_.data(), context_);
    linear_reduced(tensor, x_.data(), rows, y_.data(), arithmetic, scratch(arithmetic), context_);
}

std::byte* ProductBench::scratch(kernels::Arithmetic arithmetic) {
    constexpr std::size_t kAlignment = 64;
    const auto bytes = static_cast<std::size_t>(kernels::reduced_input_bytes(
        arithmetic, Calibration::kRows.back(), kLongestRow, context_.isa));
    if (input_.size() < bytes + kAlignment) input_.resize(bytes + kAlignment);
    void* start = input_.data();
    std::size_t room = input_.size();
    return static_cast<std::byte*>(std::align(kAlignment, bytes, start, room));
}

}  // namespace hone
