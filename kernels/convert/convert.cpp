// SPDX-License-Identifier: Apache-2.0
#include "kernels/convert/convert.h"

#include <bit>
#include <cmath>
#include <limits>

#include "kernels/cpu/kernel_table.h"

namespace hone::kernels {

float f16_to_f32(std::uint16_t half) {
    const std::uint32_t sign = (half & 0x8000U) << 16U, exponent = half >> 10U & 0x1FU,
                        mantissa = half & 0x3FFU;
    if (exponent == 0) {
        const float value = static_cast<float>(mantissa) * 0x1p-24F;
        return sign != 0 ? -value : value;
    }
    if (exponent == 31)
        return std::bit_cast<float>(sign | 0x7F800000U | mantissa << 13U |
                                    (mantissa != 0 ? 0x400000U : 0U));
    return std::bit_cast<float>(sign | (exponent + 112U) << 23U | mantissa << 13U);
}

std::uint16_t f32_to_f16(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    const auto sign = static_cast<std::uint16_t>(bits >> 16U & 0x8000U);
    const std::uint32_t magnitude = bits & 0x7FFFFFFFU;
    if (magnitude > 0x7F800000U)  // NaN: keep what fits of its payload, quiet
        return static_cast<std::uint16_t>(sign | 0x7E00U | (magnitude >> 13U & 0x1FFU));
    if (magnitude >= 0x477FF000U)
        return static_cast<std::uint16_t>(sign | 0x7C00U);  // rounds to infinity
    if (magnitude < 0x38800000U) {
        // Subnormal or zero: adding 0.5 lines the bits up so that the addition itself rounds to
        // nearest even.
        const float shifted = std::bit_cast<float>(magnitude) + 0.5F;
        return static_cast<std::uint16_t>(sign |
                                          (std::bit_cast<std::uint32_t>(shifted) - 0x3F000000U));
    }
    const std::uint32_t rounded = magnitude + 0xFFFU + (magnitude >> 13U & 1U);
    return static_cast<std::uint16_t>(sign | ((rounded - 0x38000000U) >> 13U));
}

float bf16_to_f32(std::uint16_t value) {
    return std::bit_cast<float>(static_cast<std::uint32_t>(value) << 16U);
}

std::uint16_t f32_to_bf16(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    if ((bits & 0x7FFFFFFFU) > 0x7F800000U) return static_cast<std::uint16_t>(bits >> 16U | 0x40U);
    return static_cast<std::uint16_t>((bits + 0x7FFFU + (bits >> 16U & 1U)) >> 16U);
}

std::uint8_t f32_to_e4m3(float value) {
    const auto sign = static_cast<std::uint8_t>(std::signbit(value) ? 0x80 : 0);
    const float magnitude = std::fabs(value);
    if (std::isnan(value)) return sign | 0x7FU;
    if (magnitude >= 448.0F) return sign | 0x7EU;
    // Below 2^-6 in steps of 2^-9; a step too many is the smallest normal number's code.
    if (magnitude < 0x1p-6F)
        return sign | static_cast<std::uint8_t>(std::nearbyint(magnitude * 512.0F));
    const auto bits = std::bit_cast<std::uint32_t>(magnitude);
    const std::uint32_t rounded = bits + 0x7FFFFU + (bits >> 20U & 1U);
    return sign | static_cast<std::uint8_t>((rounded - 0x3C000000U) >> 20U);
}

float e4m3_to_f32(std::uint8_t bits) {
    const unsigned exponent = bits >> 3U & 15U, mantissa = bits & 7U;
    if (exponent == 15 && mantissa == 7) return std::numeric_limits<float>::quiet_NaN();
    const float magnitude = exponent == 0 ? static_cast<float>(mantissa) * 0x1p-9F
                                          : std::ldexp(static_cast<float>(8 + mantissa),
                                                       static_cast<int>(exponent) - 10);
    return (bits & 0x80U) != 0 ? -magnitude : magnitude;
}

void expand_row(WeightType type, const void* row, float* out, std::int64_t cols, Isa isa) {
    kernel_table(isa).expand_row(type, row, out, cols);
}

}  // namespace hone::kernels
