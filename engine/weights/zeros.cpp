// SPDX-License-Identifier: Apache-2.0
#include "engine/weights/zeros.h"

#include <cstring>

namespace hone {
namespace {

constexpr std::int64_t kScale = 2;     // bytes of the f16 scale before a block's integers
constexpr std::int64_t kNibbles = 32;  // values whose nibbles share 16 bytes
constexpr unsigned kNibbleZero = 8;    // w = scale · (q − 8)

void zero_wide(std::byte* row, const std::uint8_t* mask, std::int64_t cols, std::size_t width) {
    for (std::int64_t i = 0; i < cols; ++i) {
        if (mask[i] != 0) std::memset(row + static_cast<std::size_t>(i) * width, 0, width);
    }
}

void zero_bytes(std::byte* row, const std::uint8_t* mask, std::int64_t cols, std::int64_t block) {
    for (std::int64_t i = 0; i < cols; ++i) {
        if (mask[i] != 0) row[i / block * (block + kScale) + kScale + i % block] = std::byte{0};
    }
}

void zero_nibbles(std::byte* row, const std::uint8_t* mask, std::int64_t cols, std::int64_t block) {
    for (std::int64_t i = 0; i < cols; ++i) {
        if (mask[i] == 0) continue;
        const std::int64_t in_block = i % block, j = in_block % kNibbles;
        std::byte& both = row[i / block * (block / 2 + kScale) + kScale +
                              in_block / kNibbles * (kNibbles / 2) + j % (kNibbles / 2)];
        const bool low = j < kNibbles / 2;
        both = low ? (both & std::byte{0xF0}) | std::byte{kNibbleZero}
                   : (both & std::byte{0x0F}) | std::byte{kNibbleZero << 4U};
    }
}

}  // namespace

bool has_exact_zero(DType type) {
    return type != DType::q4_1 && !info(type).sparse;  // q4_1's levels start at the block's minimum
}

void set_zeros(DType type, std::byte* row, const std::uint8_t* mask, std::int64_t cols) {
    switch (type) {
        case DType::f32:
            return zero_wide(row, mask, cols, sizeof(float));
        case DType::f16:
        case DType::bf16:
            return zero_wide(row, mask, cols, sizeof(std::uint16_t));
        case DType::q8_0:
            return zero_bytes(row, mask, cols, info(type).block);
        case DType::i8_channel:
        case DType::e4m3_channel:
            return zero_bytes(row, mask, cols, cols);
        case DType::q4_0:
        case DType::i4_g32:
        case DType::i4_g64:
        case DType::i4_g128:
            return zero_nibbles(row, mask, cols, info(type).block);
        case DType::q4_1:
        case DType::sparse_f32:
        case DType::sparse_f16:
        case DType::sparse_bf16:
            return;  // excluded by the precondition
    }
}

}  // namespace hone
