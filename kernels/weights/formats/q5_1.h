// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/weights/formats/q5_0.h"

namespace hone::kernels {

// ggml's Q5_1, blocks of 32: f16 d, f16 m, then as Q5_0 u32 and 16 bytes; w = d·q + m. Quantised as
// quantize_row_q5_1_ref does.
struct Q5_1 {
    static constexpr int kBytes = 24, kMinimum = 2, kUpper = 4, kIntegers = 8;

    template <typename V>
    static void load(const std::uint8_t* row, std::int64_t block, Weights<V>& w) {
        constexpr int kHalf = V::kVectors / 2;
        const std::uint8_t* const data = row + block * kBytes;
        const typename V::Floats scale = V::all(V::half(data)),
                                 minimum = V::all(V::half(data + kMinimum));
        const std::uint32_t upper = V::word(data + kUpper);
        for (int v = 0; v < kHalf; ++v) {
            const std::uint8_t* const from = data + kIntegers + v * V::kLanes;
            w[v] = (V::template nibbles<false>(from) + V::where(upper >> v * V::kLanes, 16.0F)) *
                       scale +
                   minimum;
            w[v + kHalf] = (V::template nibbles<true>(from) +
                            V::where(upper >> (v + kHalf) * V::kLanes, 16.0F)) *
                               scale +
                           minimum;
        }
    }
    static void quantise(const float* source, std::byte* target, std::int64_t cols, RowLoss& loss) {
        for (std::int64_t i = 0; i < cols; i += kTogether) {
            const auto [low, high] = std::minmax_element(source + i, source + i + kTogether);
            const float minimum = *low, span = *high - minimum, scale = span / 31.0F,
                        factor = inverse(scale);
            put(target, stored_scale(scale, span, loss));
            put(target,
                stored_scale(minimum, 0.0F,
                             loss));  // a minimum that becomes 0 is rounded as any weight is
            unsigned levels[kTogether];
            for (int j = 0; j < kTogether; ++j)
                levels[j] = level((source[i + j] - minimum) * factor + 0.5F, 31.0F);
            Q5_0::put_fifth_bits(target, levels);
            put_nibbles(target, levels);
        }
    }
    static void levels(const std::uint8_t* row, std::int64_t block, std::int64_t, Levels& out) {
        const std::uint8_t* const data = row + block * kBytes;
        out.scale = half_at(data);
        out.minimum = half_at(data + kMinimum);
        nibbles_of(data + kIntegers, out.values);
        Q5_0::fifth_bits_of(data + kUpper, out.values);
    }
};

}  // namespace hone::kernels
