// SPDX-License-Identifier: Apache-2.0
#include "engine/formats/gguf_carrier.h"

#include <bit>
#include <cmath>
#include <cstring>

namespace hone::gguf {
namespace {

constexpr std::int64_t kScale = 2, kBlock = 32;

// `group` elements share a scale; each block of 32 of them takes `block_bytes` of integers.
void repeat_scales(const std::byte* source, std::byte* target, std::int64_t cols, std::int64_t group,
                   std::int64_t block_bytes) {
    for (std::int64_t begin = 0; begin < cols; begin += group) {
        const std::byte* const scale = source;
        source += kScale;
        for (std::int64_t i = 0; i < group; i += kBlock) {
            std::memcpy(target, scale, kScale);
            std::memcpy(target + kScale, source, static_cast<std::size_t>(block_bytes));
            target += kScale + block_bytes;
            source += block_bytes;
        }
    }
}

// ±mantissa · 2^exponent of a floating type's bits, NaN and infinities aside.
float number(unsigned bits, int mantissa_bits, int exponent_bits) {
    const int bias = (1 << (exponent_bits - 1)) - 1;
    const auto mantissa = static_cast<int>(bits & ((1U << mantissa_bits) - 1));
    const auto exponent = static_cast<int>(bits >> mantissa_bits & ((1U << exponent_bits) - 1));
    const int whole = exponent == 0 ? mantissa : mantissa | 1 << mantissa_bits;
    const float value =
        std::ldexp(static_cast<float>(whole), (exponent == 0 ? 1 : exponent) - bias - mantissa_bits);
    return (bits >> (mantissa_bits + exponent_bits) & 1U) != 0 ? -value : value;
}

// Four bits of mantissa times a power of two: bf16 is fp32's upper half, and nothing is in the lower.
void carry_e4m3(const std::byte* source, std::byte* target, std::int64_t cols) {
    std::uint16_t stored = 0;
    std::memcpy(&stored, source, sizeof stored);
    const float scale = number(stored, 10, 5);
    for (std::int64_t i = 0; i < cols; ++i) {
        const float weight = scale * number(std::to_integer<unsigned>(source[kScale + i]), 3, 4);
        const auto half = static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(weight) >> 16U);
        std::memcpy(target + i * 2, &half, sizeof half);
    }
}

}  // namespace

void carry_row(DType type, const std::byte* source, std::byte* target, std::int64_t cols) {
    if (type == DType::i8_channel) return repeat_scales(source, target, cols, cols, kBlock);
    if (type == DType::e4m3_channel) return carry_e4m3(source, target, cols);
    repeat_scales(source, target, cols, info(type).block, kBlock / 2);
}

}  // namespace hone::gguf
