// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/weights/formats/quantising.h"

namespace hone::kernels {

// ggml's Q4_1, blocks of 32: f16 d, f16 m, 16 bytes (low nibble j, high nibble j + 16); w = d·q +
// m. Quantised as quantize_row_q4_1_ref does.
struct Q4_1 {
    static constexpr int kBytes = 20, kMinimum = 2, kIntegers = 4;

    template <typename V>
    static void load(const std::uint8_t* row, std::int64_t block, Weights<V>& w) {
        constexpr int kHalf = V::kVectors / 2;
        const std::uint8_t* const data = row + block * kBytes;
        const typename V::Floats scale = V::all(V::half(data)),
                                 minimum = V::all(V::half(data + kMinimum));
        for (int v = 0; v < kHalf; ++v) {
            const std::uint8_t* const from = data + kIntegers + v * V::kLanes;
            w[v] = V::template nibbles<false>(from) * scale + minimum;
            w[v + kHalf] = V::template nibbles<true>(from) * scale + minimum;
        }
    }
    static void quantise(const float* source, std::byte* target, std::int64_t cols, RowLoss& loss) {
        for (std::int64_t i = 0; i < cols; i += kTogether) {
            const auto [low, high] = std::minmax_element(source + i, source + i + kTogether);
            const float minimum = *low, span = *high - minimum, scale = span / 15.0F,
                        factor = inverse(scale);
            put(target, stored_scale(scale, span, loss));
            put(target,
                stored_scale(minimum, 0.0F,
                             loss));  // a minimum that becomes 0 is rounded as any weight is
            unsigned levels[kTogether];
            for (int j = 0; j < kTogether; ++j)
                levels[j] = level((source[i + j] - minimum) * factor + 0.5F, 15.0F);
            put_nibbles(target, levels);
        }
    }
    static void levels(const std::uint8_t* row, std::int64_t block, std::int64_t, Levels& out) {
        out.scale = half_at(row + block * kBytes);
        out.minimum = half_at(row + block * kBytes + kMinimum);
        nibbles_of(row + block * kBytes + kIntegers, out.values);
    }
};

}  // namespace hone::kernels
