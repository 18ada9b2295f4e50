// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/weights/formats/q8_0.h"

namespace hone::kernels {

// A row: f16 scale, then `cols` int8; w = scale·q. Symmetric, scale = absmax/127.
struct I8Channel {
    static constexpr int kIntegers = 2;

    template <typename V>
    static void load(const std::uint8_t* row, std::int64_t block, Weights<V>& w) {
        const typename V::Floats scale = V::all(V::half(row));
        for (int v = 0; v < V::kVectors; ++v)
            w[v] = V::int8(row + kIntegers + block * kTogether + v * V::kLanes) * scale;
    }
    // The scale is rounded to its stored type before the integers are chosen, so that they fit what
    // a reader sees.
    static void quantise(const float* source, std::byte* target, std::int64_t cols, RowLoss& loss) {
        const float most = absmax(source, cols);
        const std::uint16_t stored = stored_scale(most / 127.0F, most, loss);
        const float factor = inverse(f16_to_f32(stored));
        put(target, stored);
        for (std::int64_t i = 0; i < cols; ++i)
            *target++ = static_cast<std::byte>(static_cast<std::int8_t>(
                std::clamp(std::round(source[i] * factor), -127.0F, 127.0F)));
    }
    static void set_zero(std::byte* row, std::int64_t col, std::int64_t) {
        row[kIntegers + col] = std::byte{0};
    }
    static void levels(const std::uint8_t* row, std::int64_t block, std::int64_t count,
                       Levels& out) {
        out.scale = half_at(row);
        std::memcpy(out.values, row + kIntegers + block * kTogether,
                    static_cast<std::size_t>(count));
    }
    // Q8_0 with the scale repeated in every block.
    static void carry(const std::byte* source, std::byte* target, std::int64_t cols) {
        for (std::int64_t i = 0; i < cols; i += kTogether, target += Q8_0::kBytes) {
            std::memcpy(target, source, kIntegers);
            std::memcpy(target + Q8_0::kIntegers, source + kIntegers + i, kTogether);
        }
    }
};

}  // namespace hone::kernels
