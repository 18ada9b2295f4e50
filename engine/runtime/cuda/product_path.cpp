// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/cuda/product_path.h"

#include <algorithm>

#include "kernels/cuda/ops/product.h"
#include "kernels/cuda/ops/product_tiles.h"
#include "kernels/cuda/plugin/dense_product.h"

namespace hone {
namespace {

using cuda::PlaneType;

// From more rows on a product is the vendor's library's, or tiles'. Twice what a kernel of few rows
// takes, whose weights are then read twice: in fp32 there is nothing but expanding them first,
// which costs more. Tiles read them once.
constexpr std::int64_t kFewRows = 16, kFewRowsInBf16 = 8;
// From here on expanding the weights to bf16 costs less than what the vendor's products gain over
// tiles.
constexpr std::int64_t kExpandedRows = 256;

constexpr std::int64_t kPanelBytes = std::int64_t{64}
                                     << 20;  // of weights expanded at a time, at most

// How many of `rows` rows are expanded at a time. In multiples of 64, so that the fp32 results of
// every panel begin at 256 bytes, which the vendor's fastest algorithms want: fewer would leave a
// model of 576 columns with panels of 29,127 rows.
constexpr std::int64_t panel_rows(std::int64_t rows, std::int64_t row_bytes) {
    constexpr std::int64_t kStep = 64;
    return std::min(rows, std::max(kStep, kPanelBytes / row_bytes / kStep * kStep));
}

std::int64_t plane_bytes(PlaneType type) {
    return cuda::chunk_bytes(type) / cuda::kChunk;
}

bool in_tiles(const cuda::Matrix& matrix) {
    return cuda::multiplies_in_tiles(matrix.type) &&
           (!cuda::is_two_of_four(matrix.type) || matrix.cols % cuda::kTileColumns == 0);
}

}  // namespace

std::int64_t tokens_in_bytes(PlaneType type, std::int64_t rows) {
    constexpr std::int64_t kPadded = 32;
    return type == PlaneType::i8 && rows < cuda::kLeastTokensInInt8 ? kPadded : rows;
}

bool takes_bytes(const cuda::Matrix& matrix, kernels::Arithmetic arithmetic, std::int64_t rows) {
    const bool as_stored =
        matrix.group == matrix.cols &&
        ((arithmetic == kernels::Arithmetic::i8 && matrix.type == PlaneType::i8) ||
         (arithmetic == kernels::Arithmetic::e4m3 && matrix.type == PlaneType::e4m3));
    if (!as_stored) return false;
    const cuda::DenseProduct product{
        matrix.type, nullptr,     matrix.values, nullptr, tokens_in_bytes(matrix.type, rows),
        matrix.rows, matrix.cols, matrix.rows,   false};
    return cuda::dense_refusal(product) == nullptr;
}

ProductPath product_path(const cuda::Matrix& matrix, kernels::Arithmetic arithmetic,
                         std::int64_t rows, bool bytes) {
    if (bytes) return ProductPath::bytes;
    const bool bf16 = arithmetic == kernels::Arithmetic::bf16;
    if (rows <= (bf16 ? kFewRowsInBf16 : kFewRows)) return ProductPath::few;
    if (!bf16) return ProductPath::f32;
    const bool tiles =
        in_tiles(matrix) && (rows < kExpandedRows || cuda::is_two_of_four(matrix.type));
    return tiles ? ProductPath::tiles : ProductPath::bf16;
}

std::int64_t rows_together(const cuda::Matrix& matrix, PlaneType type) {
    return matrix.type == type ? matrix.rows
                               : panel_rows(matrix.rows, matrix.cols * plane_bytes(type));
}

ProductMemory product_memory(const cuda::Matrix& matrix, ProductPath path, std::int64_t rows) {
    ProductMemory memory;
    const bool dense = path == ProductPath::bf16 || path == ProductPath::f32;
    const PlaneType type = path == ProductPath::bytes ? matrix.type
                           : path == ProductPath::f32 ? PlaneType::f32
                                                      : PlaneType::bf16;
    if (dense && matrix.type != type)
        memory.panel = rows_together(matrix, type) * matrix.cols * plane_bytes(type);
    if (path == ProductPath::few || path == ProductPath::f32) return memory;
    const std::int64_t tokens = tokens_in_bytes(type, rows);
    memory.inputs = tokens * matrix.cols * plane_bytes(type);
    if (path != ProductPath::bytes) return memory;
    memory.scales = rows;
    memory.sums = tokens * matrix.rows;
    return memory;
}

}  // namespace hone
