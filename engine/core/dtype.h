// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace hone {

// Element types of stored tensors. The first group are the ggml types of GGUF files; the others are Hone's own
// in-memory formats, each of which a GGUF type carries exactly (see dtype.cpp). Rows of the last group differ in size: see
// sparse_bytes().
enum class DType : std::uint8_t {
    f32,
    f16,
    bf16,
    q8_0,        // blocks of 32: f16 d, 32 int8; w = d·q
    q4_0,        // blocks of 32: f16 d, 16 bytes (low nibble j, high nibble j+16); w = d·(q−8)
    q4_1,        // blocks of 32: f16 d, f16 m, 16 bytes; w = d·q + m
    i8_channel,  // a row: f16 scale, then `cols` int8; w = scale·q. Carried by q8_0 with d repeated.
    i4_g32,  // groups of 32/64/128 of a row: f16 scale, then group/2 bytes; byte j of each 32 values holds value j
    i4_g64,        //   in its low and value j+16 in its high nibble (q4_0's order); w = scale·(q−8).
    i4_g128,       //   Carried by q4_0 with d repeated.
    e4m3_channel,  // a row: f16 scale, a power of two, then `cols` FP8 E4M3 (OCP OFP8 1.0; no NaN); w = scale·q, which bf16 carries.
    sparse_f32,  // a row: a u32 for each 32 columns, bit i set where column i of them is stored; then those values of the
    sparse_f16,  //   carrier's type without gaps. Others are +0. Rows follow each other behind a table of where each
    sparse_bf16,  //   begins; see sparse_bytes().
};

inline constexpr std::size_t kDTypes = static_cast<std::size_t>(DType::sparse_bf16) + 1;

struct DTypeInfo {
    DType type;
    std::string_view name;  // "F32", "Q4_1", "int8 per channel", …: shown to users
    std::string_view id;    // "f32", "q4_1", "i8_channel", …: options, JSON
    std::int64_t block;     // elements a block; 0: the block is the whole row
    std::int64_t
        block_bytes;  // bytes a block; where the block is the row the bytes beside one byte an element
    std::optional<std::uint32_t> ggml_type;  // id in GGUF files
    DType gguf_carrier;  // the GGUF type that holds these values exactly (itself for ggml types)
    bool floating;       // f32, f16, bf16
    bool sparse = false;
};

const DTypeInfo& info(DType type);
std::span<const DTypeInfo> all_dtypes();  // but the sparse ones: every row takes row_bytes()
std::span<const DTypeInfo> sparse_dtypes();
std::optional<DType> dtype_from_id(std::string_view id);
std::optional<DType> dtype_from_ggml(std::uint32_t ggml_type);

// Whether a row of `cols` elements can be stored as `type` (a whole number of blocks).
bool row_fits(DType type, std::int64_t cols);
// Bytes of one row. Precondition: not sparse, row_fits(type, cols) and cols below 2^40, so that nothing overflows.
std::int64_t row_bytes(DType type, std::int64_t cols);

// The sparse type that stores `type`'s values; nothing where there is none.
std::optional<DType> sparse_type(DType type);
// Bytes of a matrix of a sparse type that stores `kept` values: for each row a u64, how many bytes into the matrix it begins; the rows;
// and room at the end so that a kernel may read a whole vector wherever a value lies.
std::int64_t sparse_bytes(DType type, std::int64_t rows, std::int64_t cols, std::int64_t kept);
inline constexpr std::int64_t kSparseMaskColumns = 32, kSparsePadding = 64;

}  // namespace hone
