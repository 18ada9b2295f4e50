// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace hone {

// Element types of stored tensors. The first group are the ggml types of GGUF files; the second are Hone's own
// in-memory formats, each of which a GGUF type carries exactly (see dtype.cpp).
enum class DType : std::uint8_t {
    f32,
    f16,
    bf16,
    q8_0,        // blocks of 32: f16 d, 32 int8; w = d·q
    q4_0,        // blocks of 32: f16 d, 16 bytes (low nibble j, high nibble j+16); w = d·(q−8)
    q4_1,        // blocks of 32: f16 d, f16 m, 16 bytes; w = d·q + m
    i8_channel,  // a row: f16 scale, then `cols` int8; w = scale·q. Carried by q8_0 with d repeated.
    i4_g32,  // groups of 32/64/128 of a row: f16 scale, then group/2 bytes; byte j of each 32 values holds value j
    i4_g64,   //   in its low and value j+16 in its high nibble (q4_0's order); w = scale·(q−8).
    i4_g128,  //   Carried by q4_0 with d repeated.
};

inline constexpr std::size_t kDTypes = static_cast<std::size_t>(DType::i4_g128) + 1;

struct DTypeInfo {
    DType type;
    std::string_view name;     // "F32", "Q4_1", "int8 per channel", …: shown to users
    std::string_view id;       // "f32", "q4_1", "i8_channel", …: options, JSON
    std::int64_t block;        // elements a block; 0: the block is the whole row
    std::int64_t block_bytes;  // bytes a block; for i8_channel the bytes beside one byte an element
    std::optional<std::uint32_t> ggml_type;  // id in GGUF files
    DType gguf_carrier;  // the GGUF type that holds these values exactly (itself for ggml types)
    bool floating;       // f32, f16, bf16
};

const DTypeInfo& info(DType type);
std::span<const DTypeInfo> all_dtypes();
std::optional<DType> dtype_from_id(std::string_view id);
std::optional<DType> dtype_from_ggml(std::uint32_t ggml_type);

// Whether a row of `cols` elements can be stored as `type` (a whole number of blocks).
bool row_fits(DType type, std::int64_t cols);
// Bytes of one row. Precondition: row_fits(type, cols) and cols below 2^40, so that nothing overflows.
std::int64_t row_bytes(DType type, std::int64_t cols);

}  // namespace hone
