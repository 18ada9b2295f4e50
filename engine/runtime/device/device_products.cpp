// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/device/device_products.h"

#include <algorithm>
#include <array>

#include "kernels/cuda/ops/elementwise.h"
#include "kernels/cuda/ops/product_tiles.h"

namespace hone {
namespace {

using gpu::KernelId;
using gpu::PlaneType;
using gpu::ProductParams;

// From more rows on a product is the vendor's library's, or tiles'. Twice what a kernel of few rows
// takes, whose weights are then read twice: in fp32 there is nothing but expanding them first,
// which costs more. Tiles read them once.
constexpr std::int64_t kFewRows = 16, kFewRowsInBf16 = 8;
// From here on expanding the weights to bf16 costs less than what the vendor's products gain over
// tiles.
constexpr std::int64_t kExpandedRows = 256;

std::uint16_t code(PlaneType type) {
    return static_cast<std::uint16_t>(type);
}

std::int64_t plane_bytes(PlaneType type) {
    return gpu::chunk_bytes(type) / gpu::kChunk;
}

// With how many tokens a product in int8 or FP8 is computed. Padding's inputs are whatever the
// memory holds: no other row's sums see them.
std::int64_t tokens_in_bytes(PlaneType type, std::int64_t rows) {
    constexpr std::int64_t kPadded = 32;
    return type == PlaneType::i8 && rows < gpu::kLeastTokensInInt8 ? kPadded : rows;
}

bool in_tiles(const gpu::Matrix& matrix) {
    return gpu::multiplies_in_tiles(matrix.type) &&
           (!gpu::is_two_of_four(matrix.type) || matrix.cols % gpu::kTileColumns == 0);
}

}  // namespace

DeviceProducts::Path DeviceProducts::path_of(const gpu::Matrix& matrix,
                                             kernels::Arithmetic arithmetic,
                                             std::int64_t rows) const {
    const bool bf16 = arithmetic == kernels::Arithmetic::bf16;
    if (takes_bytes(matrix, arithmetic, rows)) return Path::bytes;
    if (rows <= (bf16 ? kFewRowsInBf16 : kFewRows)) return Path::few;
    if (!bf16) return Path::f32;
    const bool tiles =
        in_tiles(matrix) && (rows < kExpandedRows || gpu::is_two_of_four(matrix.type));
    return tiles ? Path::tiles : Path::bf16;
}

// Whether weights are multiplied in the type that they have: where that is the arithmetic's, and
// the vendor's library is known to take such a product. What it does not take is computed as if
// nothing were rounded, and not counted as reduced.
bool DeviceProducts::takes_bytes(const gpu::Matrix& matrix, kernels::Arithmetic arithmetic,
                                 std::int64_t rows) const {
    const bool as_stored =
        matrix.group == matrix.cols &&
        ((arithmetic == kernels::Arithmetic::i8 && matrix.type == PlaneType::i8) ||
         (arithmetic == kernels::Arithmetic::e4m3 && matrix.type == PlaneType::e4m3));
    if (!as_stored) return false;
    const std::int64_t tokens = tokens_in_bytes(matrix.type, rows);
    const gpu::DenseProduct product{matrix.type, nullptr,     matrix.values, nullptr, tokens,
                                    matrix.rows, matrix.cols, matrix.rows,   false};
    return gpu::dense_refusal(product) == nullptr &&
           !workspace_.refused.contains({matrix.type, tokens, matrix.rows, matrix.cols});
}

void DeviceProducts::count(const StoredTensor& weight, Path path) const {
    ++counts_.of_type[static_cast<std::size_t>(weight.type)];
    counts_.skipped_zeros += weights_.skipped_zeros(weight);
    if (path != Path::few && path != Path::f32) ++counts_.reduced;
}

void DeviceProducts::multiply(std::span<const ProductOf> products, kernels::Arithmetic arithmetic,
                              const float* x, std::int64_t rows, bool accumulate) const {
    Inputs inputs{x, rows};
    for (std::size_t i = 0; i < products.size();) {
        const gpu::Matrix& matrix = weights_.matrix(*products[i].weight);
        const Path path = path_of(matrix, arithmetic, rows);
        std::size_t past = i + 1;
        if (path == Path::few) {
            const auto joins = [&](const ProductOf& product) {
                const gpu::Matrix& other = weights_.matrix(*product.weight);
                return other.type == matrix.type && path_of(other, arithmetic, rows) == path;
            };
            while (past < products.size() && past - i < gpu::kProductParts && joins(products[past]))
                ++past;
        }
        const std::span<const ProductOf> together = products.subspan(i, past - i);
        float* const y = products[i].y;
        switch (path) {
            case Path::bytes:
                if (!multiply_bytes(matrix, inputs, y, accumulate))
                    continue;  // again, on another path
                break;
            case Path::few:
                multiply_few(together,
                             accumulate ? ProductParams::Into::add : ProductParams::Into::store, x,
                             rows);
                break;
            case Path::tiles:
                multiply_tiles(matrix, inputs, y, accumulate);
                break;
            case Path::bf16:
                multiply_dense(matrix, PlaneType::bf16, inputs, y, accumulate);
                break;
            case Path::f32:
                multiply_dense(matrix, PlaneType::f32, inputs, y, accumulate);
                break;
        }
        for (const ProductOf& product : together) count(*product.weight, path);
        i = past;
    }
}

void DeviceProducts::gated(ProductOf gate, ProductOf up, kernels::Arithmetic arithmetic,
                           const float* x, std::int64_t rows) const {
    const gpu::Matrix &first = weights_.matrix(*gate.weight), &second = weights_.matrix(*up.weight);
    const std::array<ProductOf, 2> both{gate, up};
    const bool alike =
        first.type == second.type && (first.minima == nullptr) == (second.minima == nullptr);
    const bool together = alike && path_of(first, arithmetic, rows) == Path::few &&
                          path_of(second, arithmetic, rows) == Path::few;
    if (together) {
        for (const ProductOf& product : both) count(*product.weight, Path::few);
        return multiply_few(both, ProductParams::Into::gated, x, rows);
    }
    multiply(both, arithmetic, x, rows, false);
    const gpu::GateParams params{gate.y, up.y, rows * first.rows};
    device_.launch({KernelId::gate}, gpu::flat_launch(params.count), params);
}

void DeviceProducts::multiply_few(std::span<const ProductOf> products, ProductParams::Into into,
                                  const float* x, std::int64_t rows) const {
    const std::int64_t cols = weights_.matrix(*products[0].weight).cols;
    for (std::int64_t first = 0; first < rows;) {
        const int tokens = gpu::product_tokens(rows - first);
        ProductParams params{{}, static_cast<int>(products.size()), x + first * cols, tokens, into};
        for (std::size_t i = 0; i < products.size(); ++i) {
            const gpu::Matrix& matrix = weights_.matrix(*products[i].weight);
            params.parts[i] = {matrix, products[i].y + first * matrix.rows, matrix.rows};
        }
        device_.launch({KernelId::product, code(params.parts[0].weights.type),
                        static_cast<std::uint16_t>(tokens)},
                       gpu::product_launch(params), params);
        first += tokens;
    }
}

// x as bf16, or as int8 or FP8 with a scale a row, in the workspace.
const void* DeviceProducts::rounded(Inputs& inputs, PlaneType type, std::int64_t cols) const {
    const std::int64_t count = inputs.rows * cols;
    workspace_.inputs.require(tokens_in_bytes(type, inputs.rows) * cols * plane_bytes(type));
    void* const to = workspace_.inputs.data();
    if (inputs.rounded_to == type) return to;
    inputs.rounded_to = type;
    if (type == PlaneType::bf16) {
        const gpu::ConvertParams<gpu::BF16> params{inputs.x, static_cast<gpu::BF16*>(to), count};
        device_.launch({KernelId::convert, code(type)}, gpu::convert_launch(params), params);
        return to;
    }
    workspace_.scales.require(inputs.rows);
    const gpu::QuantizeParams params{inputs.x, to, workspace_.scales.data(), inputs.rows, cols};
    device_.launch({KernelId::quantize, code(type)}, gpu::quantize_launch(params), params);
    return to;
}

// Weights in bf16 arithmetic as they are stored: none are expanded into memory.
void DeviceProducts::multiply_tiles(const gpu::Matrix& matrix, Inputs& inputs, float* y,
                                    bool accumulate) const {
    const auto* const x =
        static_cast<const gpu::BF16*>(rounded(inputs, PlaneType::bf16, matrix.cols));
    const gpu::ProductTilesParams params{matrix, x, y, inputs.rows, matrix.rows, accumulate};
    const int tile = gpu::tile_tokens(matrix.rows, inputs.rows, device_.facts().processors);
    device_.launch({KernelId::product_tiles, code(matrix.type), static_cast<std::uint16_t>(tile)},
                   gpu::product_tiles_launch(params, tile), params);
}

// Panels of weights as `type` (f32 or bf16), unless they are stored so.
void DeviceProducts::multiply_dense(const gpu::Matrix& matrix, PlaneType type, Inputs& inputs,
                                    float* y, bool accumulate) const {
    const void* const x = type == PlaneType::bf16 ? rounded(inputs, type, matrix.cols) : inputs.x;
    const std::int64_t row_bytes = matrix.cols * plane_bytes(type);
    const bool stored_so = matrix.type == type;
    const std::int64_t panel = stored_so ? matrix.rows : panel_rows(matrix.rows, row_bytes);
    if (!stored_so) workspace_.panel.require(panel * row_bytes);
    for (std::int64_t first = 0; first < matrix.rows; first += panel) {
        const std::int64_t count = std::min(panel, matrix.rows - first);
        if (!stored_so) {
            const gpu::KernelChoice choice{KernelId::expand, code(matrix.type), code(type)};
            if (type == PlaneType::bf16) {
                const gpu::ExpandParams<gpu::BF16> params{
                    matrix, first, count, reinterpret_cast<gpu::BF16*>(workspace_.panel.data())};
                device_.launch(choice, gpu::expand_launch(params), params);
            } else {
                const gpu::ExpandParams<float> params{
                    matrix, first, count, reinterpret_cast<float*>(workspace_.panel.data())};
                device_.launch(choice, gpu::expand_launch(params), params);
            }
        }
        const void* const weights = stored_so ? matrix.values : workspace_.panel.data();
        device_.multiply({type, x, weights, y + first, inputs.rows, count, matrix.cols, matrix.rows,
                          accumulate});
    }
}

// In the type that the weights have, int8 or FP8, with inputs rounded to it.
bool DeviceProducts::multiply_bytes(const gpu::Matrix& matrix, Inputs& inputs, float* y,
                                    bool accumulate) const {
    const void* const q = rounded(inputs, matrix.type, matrix.cols);
    const std::int64_t tokens = tokens_in_bytes(matrix.type, inputs.rows);
    workspace_.sums.require(tokens * matrix.rows);
    if (!device_.try_multiply({matrix.type, q, matrix.values, workspace_.sums.data(), tokens,
                               matrix.rows, matrix.cols, matrix.rows, false})) {
        workspace_.refused.insert({matrix.type, tokens, matrix.rows, matrix.cols});
        return false;
    }
    const gpu::RescaleParams rescale{workspace_.sums.data(),
                                     workspace_.scales.data(),
                                     matrix.scales,
                                     y,
                                     inputs.rows,
                                     matrix.rows,
                                     matrix.rows,
                                     accumulate};
    device_.launch({KernelId::rescale, code(matrix.type)}, gpu::rescale_launch(rescale), rescale);
    return true;
}

}  // namespace hone
