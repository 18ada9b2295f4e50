// SPDX-License-Identifier: Apache-2.0
#pragma once

// Conversions between fp32 and the storage types, exact in both directions where the type can hold
// the value and rounded to nearest, ties to even, otherwise: the same bits on the host and on every
// device.

#include "kernels/cuda/types.h"

namespace hone::cuda {

HONE_BOTH float to_float(float value) {
    return value;
}

HONE_BOTH float to_float(BF16 value) {
    return bits_as<float>(static_cast<std::uint32_t>(value.bits) << 16);
}

HONE_BOTH float to_float(F16 value) {
    const std::uint32_t sign = static_cast<std::uint32_t>(value.bits & 0x8000U) << 16;
    const std::uint32_t exponent = (value.bits >> 10) & 31U, mantissa = value.bits & 1023U;
    if (exponent == 31) return bits_as<float>(sign | 0x7F800000U | mantissa << 13);
    if (exponent != 0) return bits_as<float>(sign | (exponent + 112) << 23 | mantissa << 13);
    const float magnitude =
        static_cast<float>(mantissa) * (1.0F / 16777216.0F);  // subnormal: mantissa · 2⁻²⁴
    return sign != 0 ? -magnitude : magnitude;
}

HONE_BOTH float to_float(E4M3 value) {
    const std::uint32_t exponent = (value.bits >> 3) & 15U, mantissa = value.bits & 7U;
    const std::uint32_t sign = static_cast<std::uint32_t>(value.bits & 0x80U) << 24;
    if (exponent == 15 && mantissa == 7) return bits_as<float>(sign | 0x7FC00000U);
    if (exponent != 0) return bits_as<float>(sign | (exponent + 120) << 23 | mantissa << 20);
    const float magnitude =
        static_cast<float>(mantissa) * (1.0F / 512.0F);  // subnormal: mantissa · 2⁻⁹
    return sign != 0 ? -magnitude : magnitude;
}

HONE_BOTH BF16 to_bf16(float value) {
    const auto bits = bits_as<std::uint32_t>(value);
    if ((bits & 0x7FFFFFFFU) > 0x7F800000U)
        return {static_cast<std::uint16_t>(bits >> 16 | 0x40U)};  // stays NaN
    return {static_cast<std::uint16_t>((bits + 0x7FFFU + (bits >> 16 & 1U)) >> 16)};
}

HONE_BOTH F16 to_f16(float value) {
    const auto bits = bits_as<std::uint32_t>(value);
    const auto sign = static_cast<std::uint16_t>(bits >> 16 & 0x8000U);
    const std::uint32_t magnitude = bits & 0x7FFFFFFFU;
    const auto with = [sign](std::uint32_t rest) {
        return F16{static_cast<std::uint16_t>(sign | rest)};
    };
    if (magnitude > 0x7F800000U) return with(0x7E00U);
    if (magnitude >= 0x477FF000U) return with(0x7C00U);  // 65520 and more round to infinity
    if (magnitude >= 0x38800000U) {                      // normal: 2⁻¹⁴ and more
        const std::uint32_t rounded = magnitude + 0x0FFFU + (magnitude >> 13 & 1U);
        return with((rounded - 0x38000000U) >> 13);
    }
    if (magnitude < 0x33000000U) return with(0);  // below 2⁻²⁵: half of the smallest subnormal
    // Subnormal: the mantissa with its leading one, shifted so that the last bit is worth 2⁻²⁴.
    const std::uint32_t shift = 126 - (magnitude >> 23);
    const std::uint32_t mantissa = (magnitude & 0x7FFFFFU) | 0x800000U;
    const std::uint32_t kept = mantissa >> shift, rest = mantissa & ((1U << shift) - 1),
                        half = 1U << (shift - 1);
    return with(kept + (rest > half || (rest == half && (kept & 1U) != 0) ? 1 : 0));
}

// Beyond ±448 the largest value: what quantising wants, and what cvt.rn.satfinite does.
HONE_BOTH E4M3 to_e4m3(float value) {
    const auto bits = bits_as<std::uint32_t>(value);
    const auto sign = static_cast<std::uint8_t>(bits >> 24 & 0x80U);
    const std::uint32_t magnitude = bits & 0x7FFFFFFFU;
    const auto with = [sign](std::uint32_t rest) {
        return E4M3{static_cast<std::uint8_t>(sign | rest)};
    };
    if (magnitude > 0x7F800000U) return with(0x7FU);
    if (magnitude >= 0x43E00000U) return with(0x7EU);  // 448 and more
    if (magnitude >= 0x3C800000U) {                    // normal: 2⁻⁶ and more
        const std::uint32_t rounded = magnitude + 0x7FFFFU + (magnitude >> 20 & 1U);
        const std::uint32_t rest = (rounded - 0x3C000000U) >> 20;
        return with(rest > 0x7EU ? 0x7EU : rest);
    }
    if (magnitude < 0x3A800000U) return with(0);  // below 2⁻¹⁰: half of the smallest subnormal
    const std::uint32_t shift = 141 - (magnitude >> 23);
    const std::uint32_t mantissa = (magnitude & 0x7FFFFFU) | 0x800000U;
    const std::uint32_t kept = mantissa >> shift, rest = mantissa & ((1U << shift) - 1),
                        half = 1U << (shift - 1);
    return with(kept + (rest > half || (rest == half && (kept & 1U) != 0) ? 1 : 0));
}

template <typename T>
struct Convert;
template <>
struct Convert<float> {
    static HONE_BOTH float from(float value) { return value; }
};
template <>
struct Convert<F16> {
    static HONE_BOTH F16 from(float value) { return to_f16(value); }
};
template <>
struct Convert<BF16> {
    static HONE_BOTH BF16 from(float value) { return to_bf16(value); }
};
template <>
struct Convert<E4M3> {
    static HONE_BOTH E4M3 from(float value) { return to_e4m3(value); }
};

}  // namespace hone::cuda
