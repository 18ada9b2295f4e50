// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "kernels/weights/weight_format.h"

namespace hone {

// Element types of stored tensors: those of GGUF files, and Hone's own, each of which a GGUF type
// carries exactly. What they are and can do stands in kernels/weights/list.inc.
using DType = kernels::WeightType;
using DTypeInfo = kernels::WeightFormat;
using kernels::info;

inline constexpr std::size_t kDTypes = std::size(kernels::kWeightFormats);

std::span<const DTypeInfo> all_dtypes();  // but the sparse ones: every row takes row_bytes()
std::span<const DTypeInfo> sparse_dtypes();
std::optional<DType> dtype_from_id(std::string_view id);
std::optional<DType> dtype_from_ggml(std::uint32_t ggml_type);
// "F32, F16 or BF16": of the types that `wanted` says yes to; `last`: "or".
std::string names_of_dtypes(bool (*wanted)(const DTypeInfo&), std::string_view last);

// Whether a row of `cols` elements can be stored as `type` (a whole number of blocks).
bool row_fits(DType type, std::int64_t cols);
// Bytes of one row. Precondition: not sparse, row_fits(type, cols) and cols below 2^40, so that
// nothing overflows.
std::int64_t row_bytes(DType type, std::int64_t cols);
// One row in the blocks of info(type).gguf_carrier, where that is another type: both dequantise to
// the same bits. target: row_bytes(carrier, cols) bytes.
void carry_row(DType type, const std::byte* source, std::byte* target, std::int64_t cols);

// The sparse type that stores `type`'s values; nothing where there is none.
std::optional<DType> sparse_type(DType type);
// Bytes of a matrix of a sparse type that stores `kept` values: for each row a u64, how many bytes
// into the matrix it begins; the rows; and room at the end so that a kernel may read a whole vector
// wherever a value lies.
std::int64_t sparse_bytes(DType type, std::int64_t rows, std::int64_t cols, std::int64_t kept);
inline constexpr std::int64_t kSparseMaskColumns = 32, kSparsePadding = 64;

}  // namespace hone
