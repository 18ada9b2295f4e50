// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/weights/formats/quantising.h"

namespace hone::kernels {

// ggml's Q8_0, blocks of 32: f16 d, 32 int8; w = d·q. Quantised as quantize_row_q8_0_ref does.
struct Q8_0 {
    static constexpr int kBytes = 34, kIntegers = 2;

    template <typename V>
    static void load(const std::uint8_t* row, std::int64_t block, Weights<V>& w) {
        const std::uint8_t* const data = row + block * kBytes;
        const typename V::Floats scale = V::all(V::half(data));
        for (int v = 0; v < V::kVectors; ++v)
            w[v] = V::int8(data + kIntegers + v * V::kLanes) * scale;
    }
    static void quantise(const float* source, std::byte* target, std::int64_t cols, RowLoss& loss) {
        for (std::int64_t i = 0; i < cols; i += kTogether) {
            const float most = absmax(source + i, kTogether), scale = most / 127.0F,
                        factor = inverse(scale);
            put(target, stored_scale(scale, most, loss));
            for (int j = 0; j < kTogether; ++j)
                *target++ = static_cast<std::byte>(
                    static_cast<std::int8_t>(std::round(source[i + j] * factor)));
        }
    }
    static void set_zero(std::byte* row, std::int64_t col, std::int64_t) {
        row[col / kTogether * kBytes + kIntegers + col % kTogether] = std::byte{0};
    }
    static void levels(const std::uint8_t* row, std::int64_t block, std::int64_t, Levels& out) {
        out.scale = half_at(row + block * kBytes);
        std::memcpy(out.values, row + block * kBytes + kIntegers, kTogether);
    }
};

}  // namespace hone::kernels
