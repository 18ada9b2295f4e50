// SPDX-License-Identifier: Apache-2.0
#include "engine/weights/weight_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
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

bool all_finite(const float* values, std::int64_t count) {
    return std::all_of(values, values + count, [](float value) { return std::isfinite(value); });
}

}  // namespace

StoredTensor convert_tensor(const StoredTensor& tensor, DType type, const kernels::Context& context,
                            const Progress& progress) {
    require_fit(tensor, type);
    const std::int64_t rows = tensor.rows(), cols = tensor.cols();
    const std::int64_t to = row_bytes(type, cols);
    const auto bytes = static_cast<std::size_t>(rows * to);
    std::shared_ptr<std::byte[]> data(new std::byte[bytes]);
    // body must not throw: what went wrong is told after the last row.
    std::atomic<std::int64_t> bad_row = -1;
    std::atomic<bool> stopped = false;
    const bool must_be_finite = !info(type).floating;
    context.pool.parallel_for(
        rows, kRowsBetweenChecks, [&](std::int64_t begin, std::int64_t end, int thread) {
            auto* const row = reinterpret_cast<float*>(
                context.workspace.get(thread, static_cast<std::size_t>(cols) * sizeof(float)));
            for (std::int64_t r = begin; r < end && !stopped; ++r) {
                kernels::expand_row(kernel_type(tensor.type), tensor.row(r), row, cols, context.isa);
                if (must_be_finite && !all_finite(row, cols)) {
                    bad_row = r;
                    return;
                }
                quantize_row(type, row, data.get() + r * to, cols);
                if (r % kRowsBetweenChecks == 0 && progress.stop.stop_requested()) stopped = true;
            }
        });
    if (stopped) throw Cancelled();
    if (bad_row >= 0)
        throw Error(ErrorDetails{"", "", fmt::format("tensor '{}', row {}", tensor.name, bad_row.load()),
                                 "a NaN or an infinity",
                                 fmt::format("finite weights, which {} needs", info(type).name)});
    progress.check();
    StoredTensor result;
    result.name = tensor.name;
    result.type = type;
    result.shape = tensor.shape;
    result.data = {data.get(), bytes};
    result.owner = data;
    if (info(type).floating) result.zeros = tensor.zeros;  // rounding may add to them
    return result;
}

std::vector<float> expand_tensor(const StoredTensor& tensor) {
    std::vector<float> values(static_cast<std::size_t>(tensor.elements()));
    for (std::int64_t r = 0; r < tensor.rows(); ++r)
        dequantize_row(tensor.type, tensor.row(r), values.data() + r * tensor.cols(), tensor.cols());
    return values;
}

namespace {

kernels::LinearProblem problem_of(const StoredTensor& weight, const float* x, std::int64_t tokens, float* y) {
    return {.type = kernel_type(weight.type),
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
           kernels::multiplies(arithmetic, kernel_type(weight.type));
}

void linear_reduced(const StoredTensor& weight, const float* x, std::int64_t tokens, float* y,
                    kernels::Arithmetic arithmetic, std::byte* input, const kernels::Context& context) {
    kernels::linear_reduced(problem_of(weight, x, tokens, y), arithmetic, input, context);
}

}  // namespace hone
