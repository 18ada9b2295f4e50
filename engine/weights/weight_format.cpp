// SPDX-License-Identifier: Apache-2.0
#include "engine/weights/weight_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <limits>
#include <memory>

#include "engine/core/error.h"
#include "kernels/convert/convert.h"

namespace hone {
namespace {

constexpr std::int64_t kRowsBetweenChecks = 64;

void require_fit(const StoredTensor& tensor, DType type) {
    if (row_fits(type, tensor.cols())) return;
    throw Error(ErrorDetails{
        "", "", "tensor '" + tensor.name + "'", fmt::format("rows of {} elements", tensor.cols()),
        fmt::format("a multiple of {}, the block of {}", info(type).block, info(type).name)});
}

// The first of the rows that several threads found fault with.
class FirstRow {
public:
    void found(std::int64_t row) {
        std::int64_t seen = first_;
        while (row < seen && !first_.compare_exchange_weak(seen, row)) {
        }
    }
    bool any() const { return first_ != kNone; }
    std::int64_t row() const { return first_; }

private:
    static constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::max();
    std::atomic<std::int64_t> first_ = kNone;
};

std::vector<float> expanded_row(const StoredTensor& tensor, std::int64_t row) {
    std::vector<float> values(static_cast<std::size_t>(tensor.cols()));
    dequantize_row(tensor.type, tensor.row(row), values.data(), tensor.cols());
    return values;
}

std::string row_of(const StoredTensor& tensor, std::int64_t row) {
    return fmt::format("tensor '{}', row {}", tensor.name, row);
}

[[noreturn]] void refuse_too_large(const StoredTensor& tensor, std::int64_t row, DType type) {
    const std::vector<float> values = expanded_row(tensor, row);
    const float most = *std::max_element(
        values.begin(), values.end(), [](float a, float b) { return std::abs(a) < std::abs(b); });
    const bool scaled = !info(type).floating;
    throw Error(ErrorDetails{
        .message = {},
        .file = {},
        .field = row_of(tensor, row),
        .found = fmt::format("a weight of {:g}", most),
        .expected =
            scaled ? fmt::format(
                         "weights whose scale F16 holds, in which {} stores it (at most 65504)",
                         info(type).name)
                   : fmt::format("at most {}, the largest of {}",
                                 type == DType::f16 ? "65504" : "3.39e38", info(type).name),
        .fault = Fault::unsupported,
        .summary = fmt::format("Some weights are too large for the type {}.", info(type).name),
        .action =
            type == DType::bf16 ? "Choose F32." : "Choose BF16 or F32, which hold larger ones."});
}

}  // namespace

// Without an early end, so that the loop is one of vectors.
bool all_finite(const float* values, std::int64_t count) {
    constexpr std::uint32_t kMagnitude = 0x7FFF'FFFFU, kInfinity = 0x7F80'0000U;
    std::uint32_t most = 0;
    for (std::int64_t i = 0; i < count; ++i)
        most = std::max(most, std::bit_cast<std::uint32_t>(values[i]) & kMagnitude);
    return most < kInfinity;
}

void refuse_not_finite(const StoredTensor& tensor, std::int64_t row, std::string_view needs) {
    const std::vector<float> values = expanded_row(tensor, row);
    const auto at = std::find_if(values.begin(), values.end(),
                                 [](float value) { return !std::isfinite(value); });
    throw Error(ErrorDetails{
        .message = {},
        .file = {},
        .field = row_of(tensor, row),
        .found = fmt::format("{} in column {}", std::isnan(*at) ? "a NaN" : "an infinity",
                             at - values.begin()),
        .expected = fmt::format("finite weights, which {} needs", needs),
        .fault = Fault::damaged,
        .summary = "Some weights are not numbers, or infinite.",
        .action = "Download or convert the model again."});
}

void require_finite(const StoredTensor& tensor, std::string_view needs,
                    const kernels::Context& context, const Progress& progress) {
    FirstRow bad;
    const std::int64_t cols = tensor.cols();
    context.pool.parallel_for(
        tensor.rows(), kRowsBetweenChecks, [&](std::int64_t begin, std::int64_t end, int thread) {
            auto* const row = reinterpret_cast<float*>(
                context.workspace.get(thread, static_cast<std::size_t>(cols) * sizeof(float)));
            progress.check();
            for (std::int64_t r = begin; r < end; ++r) {
                kernels::expand_row(tensor.type, tensor.row(r), row, cols, context.isa);
                if (!all_finite(row, cols)) return bad.found(r);
            }
        });
    if (bad.any()) refuse_not_finite(tensor, bad.row(), needs);
}

std::vector<std::string> vanished_note(std::int64_t vanished) {
    if (vanished == 0) return {};
    return {
        fmt::format("{} blocks hold weights too small for their type: the scale is stored as 0, "
                    "and they with it",
                    vanished)};
}

StoredTensor convert_tensor(const StoredTensor& tensor, DType type, const kernels::Context& context,
                            const Progress& progress, std::int64_t* vanished) {
    require_fit(tensor, type);
    const std::int64_t rows = tensor.rows(), cols = tensor.cols();
    const std::int64_t to = row_bytes(type, cols);
    const auto bytes = static_cast<std::size_t>(rows * to);
    std::shared_ptr<std::byte[]> data(new std::byte[bytes]);
    // What went wrong is told after the last row, so that it is the first row whatever the threads
    // do.
    FirstRow not_finite, too_large;
    std::atomic<bool> stopped = false;
    std::atomic<std::int64_t> lost = 0;
    context.pool.parallel_for(
        rows, kRowsBetweenChecks, [&](std::int64_t begin, std::int64_t end, int thread) {
            auto* const row = reinterpret_cast<float*>(
                context.workspace.get(thread, static_cast<std::size_t>(cols) * sizeof(float)));
            for (std::int64_t r = begin; r < end && !stopped; ++r) {
                kernels::expand_row(tensor.type, tensor.row(r), row, cols, context.isa);
                if (!all_finite(row, cols)) return not_finite.found(r);
                const RowLoss loss = quantize_row(type, row, data.get() + r * to, cols);
                if (loss.overflows) return too_large.found(r);
                if (loss.vanished > 0) lost += loss.vanished;
                if (r % kRowsBetweenChecks == 0 && progress.stop.stop_requested()) stopped = true;
            }
        });
    if (stopped) throw Cancelled();
    if (not_finite.any()) refuse_not_finite(tensor, not_finite.row(), info(type).name);
    if (too_large.any()) refuse_too_large(tensor, too_large.row(), type);
    if (vanished != nullptr) *vanished += lost;
    progress.check();
    StoredTensor result;
    result.name = tensor.name;
    result.place = tensor.place;
    result.type = type;
    result.shape = tensor.shape;
    result.data = {data.get(), bytes};
    result.owner = data;
    if (info(type).floating) result.zeros = tensor.zeros;  // rounding may add to them
    return result;
}

void dequantize_row(DType type, const std::byte* source, float* target, std::int64_t cols) {
    kernels::expand_row(type, source, target, cols, kernels::best_isa());
}

std::vector<float> expand_tensor(const StoredTensor& tensor) {
    std::vector<float> values(static_cast<std::size_t>(tensor.elements()));
    for (std::int64_t r = 0; r < tensor.rows(); ++r)
        dequantize_row(tensor.type, tensor.row(r), values.data() + r * tensor.cols(),
                       tensor.cols());
    return values;
}

namespace {

kernels::LinearProblem problem_of(const StoredTensor& weight, const float* x, std::int64_t tokens,
                                  float* y) {
    return {.type = weight.type,
            .weights = weight.data.data(),
            .rows = weight.rows(),
            .cols = weight.cols(),
            .row_bytes = info(weight.type).sparse ? 0 : row_bytes(weight.type, weight.cols()),
            .x = x,
            .tokens = tokens,
            .y = y,
            .y_stride = weight.rows(),
            .row_offsets = info(weight.type).sparse
                               ? reinterpret_cast<const std::uint64_t*>(weight.data.data())
                               : nullptr};
}

}  // namespace

void linear(const StoredTensor& weight, const float* x, std::int64_t tokens, float* y,
            const kernels::Context& context) {
    kernels::linear(problem_of(weight, x, tokens, y), context);
}

bool can_reduce(const StoredTensor& weight, kernels::Arithmetic arithmetic, kernels::Isa isa) {
    return arithmetic != kernels::Arithmetic::f32 && kernels::has_arithmetic(arithmetic, isa) &&
           kernels::multiplies(arithmetic, weight.type);
}

void linear_reduced(const StoredTensor& weight, const float* x, std::int64_t tokens, float* y,
                    kernels::Arithmetic arithmetic, std::byte* input,
                    const kernels::Context& context) {
    kernels::linear_reduced(problem_of(weight, x, tokens, y), arithmetic, input, context);
}

}  // namespace hone
