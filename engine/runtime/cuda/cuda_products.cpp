// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/cuda/cuda_products.h"

#include <algorithm>
#include <array>

#include "kernels/cuda/ops/elementwise.h"
#include "kernels/cuda/ops/product_tiles.h"

namespace hone {
namespace {

using cuda::KernelId;
using cuda::PlaneType;
using cuda::ProductParams;

std::uint16_t code(PlaneType type) {
    return static_cast<std::uint16_t>(type);
}

}  // namespace

ProductPath CudaProducts::path_of(const cuda::Matrix& matrix, kernels::Arithmetic arithmetic,
                                  std::int64_t rows) const {
    const bool bytes =
        takes_bytes(matrix, arithmetic, rows) &&
        !workspace_.refused.contains(
            {matrix.type, tokens_in_bytes(matrix.type, rows), matrix.rows, matrix.cols});
    return product_path(matrix, arithmetic, rows, bytes);
}

void CudaProducts::count(const StoredTensor& weight, ProductPath path) const {
    ++counts_.of_type[static_cast<std::size_t>(weight.type)];
    counts_.skipped_zeros += weights_.skipped_zeros(weight);
    if (path != ProductPath::few && path != ProductPath::f32) ++counts_.reduced;
}

void CudaProducts::multiply(std::span<const ProductOf> products, kernels::Arithmetic arithmetic,
                            const float* x, std::int64_t rows, bool accumulate) const {
    Inputs inputs{x, rows};
    for (std::size_t i = 0; i < products.size();) {
        const cuda::Matrix& matrix = weights_.matrix(*products[i].weight);
        const ProductPath path = path_of(matrix, arithmetic, rows);
        std::size_t past = i + 1;
        if (path == ProductPath::few) {
            const auto joins = [&](const ProductOf& product) {
                const cuda::Matrix& other = weights_.matrix(*product.weight);
                return other.type == matrix.type && path_of(other, arithmetic, rows) == path;
            };
            while (past < products.size() && past - i < cuda::kProductParts &&
                   joins(products[past]))
                ++past;
        }
        const std::span<const ProductOf> together = products.subspan(i, past - i);
        workspace_.require(product_memory(matrix, path, rows));
        float* const y = products[i].y;
        switch (path) {
            case ProductPath::bytes:
                if (!multiply_bytes(matrix, inputs, y, accumulate))
                    continue;  // again, on another path
                break;
            case ProductPath::few:
                multiply_few(together,
                             accumulate ? ProductParams::Into::add : ProductParams::Into::store, x,
                             rows);
                break;
            case ProductPath::tiles:
                multiply_tiles(matrix, inputs, y, accumulate);
                break;
            case ProductPath::bf16:
                multiply_dense(matrix, PlaneType::bf16, inputs, y, accumulate);
                break;
            case ProductPath::f32:
                multiply_dense(matrix, PlaneType::f32, inputs, y, accumulate);
                break;
        }
        for (const ProductOf& product : together) count(*product.weight, path);
        i = past;
    }
}

void CudaProducts::gated(ProductOf gate, ProductOf up, kernels::Arithmetic arithmetic,
                         const float* x, std::int64_t rows) const {
    const cuda::Matrix &first = weights_.matrix(*gate.weight),
                       &second = weights_.matrix(*up.weight);
    const std::array<ProductOf, 2> both{gate, up};
    const bool alike =
        first.type == second.type && (first.minima == nullptr) == (second.minima == nullptr);
    const bool together = alike && path_of(first, arithmetic, rows) == ProductPath::few &&
                          path_of(second, arithmetic, rows) == ProductPath::few;
    if (together) {
        for (const ProductOf& product : both) count(*product.weight, ProductPath::few);
        return multiply_few(both, ProductParams::Into::gated, x, rows);
    }
    multiply(both, arithmetic, x, rows, false);
    const cuda::GateParams params{gate.y, up.y, rows * first.rows};
    device_.launch({KernelId::gate}, cuda::flat_launch(params.count), params);
}

void CudaProducts::multiply_few(std::span<const ProductOf> products, ProductParams::Into into,
                                const float* x, std::int64_t rows) const {
    const std::int64_t cols = weights_.matrix(*products[0].weight).cols;
    for (std::int64_t first = 0; first < rows;) {
        const int tokens = cuda::product_tokens(rows - first);
        ProductParams params{{}, static_cast<int>(products.size()), x + first * cols, tokens, into};
        for (std::size_t i = 0; i < products.size(); ++i) {
            const cuda::Matrix& matrix = weights_.matrix(*products[i].weight);
            params.parts[i] = {matrix, products[i].y + first * matrix.rows, matrix.rows};
        }
        device_.launch({KernelId::product, code(params.parts[0].weights.type),
                        static_cast<std::uint16_t>(tokens)},
                       cuda::product_launch(params), params);
        first += tokens;
    }
}

// x as bf16, or as int8 or FP8 with a scale a row, in the workspace.
const void* CudaProducts::rounded(Inputs& inputs, PlaneType type, std::int64_t cols) const {
    const std::int64_t count = inputs.rows * cols;
    void* const to = workspace_.inputs.data();
    if (inputs.rounded_to == type) return to;
    inputs.rounded_to = type;
    if (type == PlaneType::bf16) {
        const cuda::ConvertParams<cuda::BF16> params{inputs.x, static_cast<cuda::BF16*>(to), count};
        device_.launch({KernelId::convert, code(type)}, cuda::convert_launch(params), params);
        return to;
    }
    const cuda::QuantizeParams params{inputs.x, to, workspace_.scales.data(), inputs.rows, cols};
    device_.launch({KernelId::quantize, code(type)}, cuda::quantize_launch(params), params);
    return to;
}

// Weights in bf16 arithmetic as they are stored: none are expanded into memory.
void CudaProducts::multiply_tiles(const cuda::Matrix& matrix, Inputs& inputs, float* y,
                                  bool accumulate) const {
    const auto* const x =
        static_cast<const cuda::BF16*>(rounded(inputs, PlaneType::bf16, matrix.cols));
    const cuda::ProductTilesParams params{matrix, x, y, inputs.rows, matrix.rows, accumulate};
    const int tile = cuda::tile_tokens(matrix.rows, inputs.rows, device_.facts().processors);
    device_.launch({KernelId::product_tiles, code(matrix.type), static_cast<std::uint16_t>(tile)},
                   cuda::product_tiles_launch(params, tile), params);
}

// Panels of weights as `type` (f32 or bf16), unless they are stored so.
void CudaProducts::multiply_dense(const cuda::Matrix& matrix, PlaneType type, Inputs& inputs,
                                  float* y, bool accumulate) const {
    const void* const x = type == PlaneType::bf16 ? rounded(inputs, type, matrix.cols) : inputs.x;
    const bool stored_so = matrix.type == type;
    const std::int64_t panel = rows_together(matrix, type);
    for (std::int64_t first = 0; first < matrix.rows; first += panel) {
        const std::int64_t count = std::min(panel, matrix.rows - first);
        if (!stored_so) {
            const cuda::KernelChoice choice{KernelId::expand, code(matrix.type), code(type)};
            if (type == PlaneType::bf16) {
                const cuda::ExpandParams<cuda::BF16> params{
                    matrix, first, count, reinterpret_cast<cuda::BF16*>(workspace_.panel.data())};
                device_.launch(choice, cuda::expand_launch(params), params);
            } else {
                const cuda::ExpandParams<float> params{
                    matrix, first, count, reinterpret_cast<float*>(workspace_.panel.data())};
                device_.launch(choice, cuda::expand_launch(params), params);
            }
        }
        const void* const weights = stored_so ? matrix.values : workspace_.panel.data();
        device_.multiply({type, x, weights, y + first, inputs.rows, count, matrix.cols, matrix.rows,
                          accumulate});
    }
}

// In the type that the weights have, int8 or FP8, with inputs rounded to it.
bool CudaProducts::multiply_bytes(const cuda::Matrix& matrix, Inputs& inputs, float* y,
                                  bool accumulate) const {
    const void* const q = rounded(inputs, matrix.type, matrix.cols);
    const std::int64_t tokens = tokens_in_bytes(matrix.type, inputs.rows);
    if (!device_.try_multiply({matrix.type, q, matrix.values, workspace_.sums.data(), tokens,
                               matrix.rows, matrix.cols, matrix.rows, false})) {
        workspace_.refused.insert({matrix.type, tokens, matrix.rows, matrix.cols});
        return false;
    }
    const cuda::RescaleParams rescale{workspace_.sums.data(),
                                      workspace_.scales.data(),
                                      matrix.scales,
                                      y,
                                      inputs.rows,
                                      matrix.rows,
                                      matrix.rows,
                                      accumulate};
    device_.launch({KernelId::rescale, code(matrix.type)}, cuda::rescale_launch(rescale), rescale);
    return true;
}

}  // namespace hone
