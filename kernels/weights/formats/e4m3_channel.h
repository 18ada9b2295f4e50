// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>

#include "kernels/weights/formats/quantising.h"

namespace hone::kernels {

// A row: f16 scale, a power of two, then `cols` FP8 E4M3 (OCP OFP8 1.0; no NaN); w = scale·q, which
// bf16 carries.
struct E4m3Channel {
    static constexpr int kNumbers = 2;

    template <typename V>
    static void load(const std::uint8_t* row, std::int64_t block, Weights<V>& w) {
        const typename V::Floats scale = V::all(V::half(row));
        for (int v = 0; v < V::kVectors; ++v)
            w[v] = V::e4m3(row + kNumbers + block * kTogether + v * V::kLanes) * scale;
    }
    // The least power of two with which the row's largest value is within ±448: a floating type
    // loses next to nothing by that, and bf16 holds the products exactly.
    static void quantise(const float* source, std::byte* target, std::int64_t cols, RowLoss& loss) {
        constexpr float kLargest = 448;
        constexpr int kLeast = -24, kMost = 15;  // what f16 holds
        const float most = absmax(source, cols);
        int exponent = kLeast;
        while (exponent < kMost && std::ldexp(kLargest, exponent) < most) ++exponent;
        if (std::ldexp(kLargest, exponent) < most) loss.overflows = true;
        put(target, f32_to_f16(std::ldexp(1.0F, exponent)));
        const float factor = std::ldexp(1.0F, -exponent);
        unsigned codes = 0;
        for (std::int64_t i = 0; i < cols; ++i) {
            const std::uint8_t code = f32_to_e4m3(source[i] * factor);
            codes |= code & 0x7FU;
            *target++ = static_cast<std::byte>(code);
        }
        if (most != 0.0F && codes == 0) ++loss.vanished;
    }
    static void set_zero(std::byte* row, std::int64_t col, std::int64_t) {
        row[kNumbers + col] = std::byte{0};
    }
    static void levels(const std::uint8_t* row, std::int64_t block, std::int64_t count,
                       Levels& out) {
        out.scale = half_at(row);
        std::memcpy(out.values, row + kNumbers + block * kTogether,
                    static_cast<std::size_t>(count));
    }
    // Four bits of mantissa times a power of two: bf16 is fp32's upper half, and nothing is in the
    // lower.
    static void carry(const std::byte* source, std::byte* target, std::int64_t cols) {
        const float scale = f16_to_f32(half_at(reinterpret_cast<const std::uint8_t*>(source)));
        for (std::int64_t i = 0; i < cols; ++i) {
            const float weight =
                scale * e4m3_to_f32(std::to_integer<std::uint8_t>(source[kNumbers + i]));
            put(target, static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(weight) >> 16U));
        }
    }
};

}  // namespace hone::kernels
