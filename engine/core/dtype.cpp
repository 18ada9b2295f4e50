// SPDX-License-Identifier: Apache-2.0
#include "engine/core/dtype.h"

#include <array>

namespace hone {
namespace {

constexpr std::array<DTypeInfo, kDTypes> kTypes{{
    {DType::f32, "F32", "f32", 1, 4, 0U, DType::f32, true},
    {DType::f16, "F16", "f16", 1, 2, 1U, DType::f16, true},
    {DType::bf16, "BF16", "bf16", 1, 2, 30U, DType::bf16, true},
    {DType::q8_0, "Q8_0", "q8_0", 32, 34, 8U, DType::q8_0, false},
    {DType::q4_0, "Q4_0", "q4_0", 32, 18, 2U, DType::q4_0, false},
    {DType::q4_1, "Q4_1", "q4_1", 32, 20, 3U, DType::q4_1, false},
    {DType::i8_channel, "int8 per channel", "i8_channel", 0, 2, std::nullopt, DType::q8_0, false},
    {DType::i4_g32, "int4 group 32", "i4_g32", 32, 18, std::nullopt, DType::q4_0, false},
    {DType::i4_g64, "int4 group 64", "i4_g64", 64, 34, std::nullopt, DType::q4_0, false},
    {DType::i4_g128, "int4 group 128", "i4_g128", 128, 66, std::nullopt, DType::q4_0, false},
    {DType::e4m3_channel, "FP8 E4M3 per channel", "e4m3_channel", 0, 2, std::nullopt, DType::bf16, false},
    {DType::sparse_f32, "sparse F32", "sparse_f32", 1, 4, std::nullopt, DType::f32, true, true},
    {DType::sparse_f16, "sparse F16", "sparse_f16", 1, 2, std::nullopt, DType::f16, true, true},
    {DType::sparse_bf16, "sparse BF16", "sparse_bf16", 1, 2, std::nullopt, DType::bf16, true, true},
}};
constexpr std::size_t kSparse = 3;  // the last

}  // namespace

const DTypeInfo& info(DType type) {
    return kTypes[static_cast<std::size_t>(type)];
}

std::span<const DTypeInfo> all_dtypes() {
    return std::span(kTypes).first<kDTypes - kSparse>();
}

std::span<const DTypeInfo> sparse_dtypes() {
    return std::span(kTypes).last<kSparse>();
}

std::optional<DType> dtype_from_id(std::string_view id) {
    for (const DTypeInfo& row : kTypes) {
        if (row.id == id) return row.type;
    }
    return std::nullopt;
}

std::optional<DType> dtype_from_ggml(std::uint32_t ggml_type) {
    for (const DTypeInfo& row : kTypes) {
        if (row.ggml_type == ggml_type) return row.type;
    }
    return std::nullopt;
}

bool row_fits(DType type, std::int64_t cols) {
    const std::int64_t block = info(type).block;
    return cols > 0 && (block == 0 || cols % block == 0);
}

std::int64_t row_bytes(DType type, std::int64_t cols) {
    const DTypeInfo& row = info(type);
    return row.block == 0 ? row.block_bytes + cols : cols / row.block * row.block_bytes;
}

std::optional<DType> sparse_type(DType type) {
    for (const DTypeInfo& row : sparse_dtypes()) {
        if (row.gguf_carrier == type) return row.type;
    }
    return std::nullopt;
}

std::int64_t sparse_bytes(DType type, std::int64_t rows, std::int64_t cols, std::int64_t kept) {
    constexpr std::int64_t kOffset = sizeof(std::uint64_t), kMask = sizeof(std::uint32_t);
    const std::int64_t masks = (cols + kSparseMaskColumns - 1) / kSparseMaskColumns;
    return rows * (kOffset + masks * kMask) + kept * info(type).block_bytes + kSparsePadding;
}

}  // namespace hone
