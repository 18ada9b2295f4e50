// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/weights/formats/quantising.h"

namespace hone::kernels {

// Groups of a row: f16 scale, then group/2 bytes; byte j of each 32 values holds value j in its low
// and value j + 16 in its high nibble (ggml's order); w = scale·(q − 8).
template <int kGroup>
struct Int4 {
    static constexpr int kIntegers = 2, kBytes = kIntegers + kGroup / 2, kMiddle = 8;

    // The nibbles of columns 32·block …
    static constexpr std::int64_t nibbles_at(std::int64_t block) {
        constexpr int kBlocks = kGroup / kTogether;
        return block / kBlocks * kBytes + kIntegers + block % kBlocks * (kTogether / 2);
    }
    static constexpr std::int64_t scale_at(std::int64_t block) {
        return block / (kGroup / kTogether) * kBytes;
    }

    template <typename V>
    static void load(const std::uint8_t* row, std::int64_t block, Weights<V>& w) {
        constexpr int kHalf = V::kVectors / 2;
        const std::uint8_t* const data = row + nibbles_at(block);
        const float scale = V::half(row + scale_at(block));
        for (int v = 0; v < kHalf; ++v) {
            w[v] = V::centred(V::template nibbles<false>(data + v * V::kLanes), kMiddle, scale);
            w[v + kHalf] =
                V::centred(V::template nibbles<true>(data + v * V::kLanes), kMiddle, scale);
        }
    }
    // scale = signed-absmax/−8 as in Q4_0, but rounded to f16 before the integers are chosen.
    static void quantise(const float* source, std::byte* target, std::int64_t cols, RowLoss& loss) {
        for (std::int64_t i = 0; i < cols; i += kGroup) {
            const float most = signed_absmax(source + i, kGroup);
            const std::uint16_t stored = stored_scale(most / -8.0F, most, loss);
            put(target, stored);
            const float factor = inverse(f16_to_f32(stored));
            for (int j = 0; j < kGroup; j += kTogether) put_values(target, source + i + j, factor);
        }
    }
    static void set_zero(std::byte* row, std::int64_t col, std::int64_t) {
        set_nibble(row + nibbles_at(col / kTogether), col % kTogether, kMiddle);
    }
    static void levels(const std::uint8_t* row, std::int64_t block, std::int64_t, Levels& out) {
        out.scale = half_at(row + scale_at(block));
        nibbles_of(row + nibbles_at(block), out.values);
    }
    // Q4_0 with the scale repeated.
    static void carry(const std::byte* source, std::byte* target, std::int64_t cols) {
        for (std::int64_t block = 0; block < cols / kTogether;
             ++block, target += Int4<kTogether>::kBytes) {
            std::memcpy(target, source + scale_at(block), kIntegers);
            std::memcpy(target + kIntegers, source + nibbles_at(block), kTogether / 2);
        }
    }

    static void put_values(std::byte*& target, const float* source, float factor) {
        unsigned levels[kTogether];
        for (int j = 0; j < kTogether; ++j) levels[j] = level(source[j] * factor + 8.5F, 15.0F);
        put_nibbles(target, levels);
    }
};

// ggml's Q4_0: groups of 32, but the integers fit the scale before it is rounded
// (quantize_row_q4_0_ref).
struct Q4_0 {
    using Group = Int4<kTogether>;
    template <typename V>
    static void load(const std::uint8_t* row, std::int64_t block, Weights<V>& w) {
        Group::load<V>(row, block, w);
    }
    static void quantise(const float* source, std::byte* target, std::int64_t cols, RowLoss& loss) {
        for (std::int64_t i = 0; i < cols; i += kTogether) {
            const float most = signed_absmax(source + i, kTogether), scale = most / -8.0F;
            put(target, stored_scale(scale, most, loss));
            Group::put_values(target, source + i, inverse(scale));
        }
    }
    static void set_zero(std::byte* row, std::int64_t col, std::int64_t cols) {
        Group::set_zero(row, col, cols);
    }
    static void levels(const std::uint8_t* row, std::int64_t block, std::int64_t count,
                       Levels& out) {
        Group::levels(row, block, count, out);
    }
};

}  // namespace hone::kernels
