// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/weights/formats/quantising.h"

namespace hone::kernels {

// ggml's Q5_0, blocks of 32: f16 d, u32 with the fifth bit of value j in bit j, 16 bytes of the
// lower four (low nibble j, high nibble j + 16); w = d·(q − 16). Quantised as quantize_row_q5_0_ref
// does.
struct Q5_0 {
    static constexpr int kBytes = 22, kUpper = 2, kIntegers = 6;
    static constexpr unsigned kMiddle = 16;

    template <typename V>
    static void load(const std::uint8_t* row, std::int64_t block, Weights<V>& w) {
        constexpr int kHalf = V::kVectors / 2;
        const std::uint8_t* const data = row + block * kBytes;
        const typename V::Floats scale = V::all(V::half(data));
        // The fifth bit is worth what the middle takes off.
        const std::uint32_t below = ~V::word(data + kUpper);
        for (int v = 0; v < kHalf; ++v) {
            const std::uint8_t* const from = data + kIntegers + v * V::kLanes;
            w[v] = (V::template nibbles<false>(from) + V::where(below >> v * V::kLanes, -16.0F)) *
                   scale;
            w[v + kHalf] = (V::template nibbles<true>(from) +
                            V::where(below >> (v + kHalf) * V::kLanes, -16.0F)) *
                           scale;
        }
    }
    static void quantise(const float* source, std::byte* target, std::int64_t cols, RowLoss& loss) {
        for (std::int64_t i = 0; i < cols; i += kTogether) {
            const float most = signed_absmax(source + i, kTogether), scale = most / -16.0F,
                        factor = inverse(scale);
            put(target, stored_scale(scale, most, loss));
            unsigned levels[kTogether];
            for (int j = 0; j < kTogether; ++j)
                levels[j] = level(source[i + j] * factor + 16.5F, 31.0F);
            put_fifth_bits(target, levels);
            put_nibbles(target, levels);
        }
    }
    static void set_zero(std::byte* row, std::int64_t col, std::int64_t) {
        std::byte* const data = row + col / kTogether * kBytes;
        data[kUpper + col % kTogether / 8] |= std::byte{1} << static_cast<int>(col % 8);
        set_nibble(data + kIntegers, col % kTogether, kMiddle & 15U);
    }
    static void levels(const std::uint8_t* row, std::int64_t block, std::int64_t, Levels& out) {
        const std::uint8_t* const data = row + block * kBytes;
        out.scale = half_at(data);
        nibbles_of(data + kIntegers, out.values);
        fifth_bits_of(data + kUpper, out.values);
    }

    static void put_fifth_bits(std::byte*& target, const unsigned (&levels)[kTogether]) {
        std::uint32_t upper = 0;
        for (int j = 0; j < kTogether; ++j) upper |= (levels[j] >> 4U) << j;
        std::memcpy(target, &upper, sizeof upper);
        target += sizeof upper;
    }
    static void fifth_bits_of(const std::uint8_t* data, std::uint8_t (&levels)[kTogether]) {
        for (int j = 0; j < kTogether; ++j)
            levels[j] = static_cast<std::uint8_t>(levels[j] | (data[j / 8] >> j % 8 & 1U) << 4U);
    }
};

}  // namespace hone::kernels
