// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/weights/formats/quantising.h"

namespace hone::kernels {

// ggml's Q6_K, blocks of 256: 128 bytes of lower four bits, 64 bytes of upper two, int8 scales of
// 16 weights each, f16 d; w = d·scale·(q − 32). Each half of 128 has four parts of 32 columns:
// two in the low nibbles of its 64 bytes, two in the high ones, and two bits of each part in each
// of its 32 bytes of upper bits.
struct Q6_K {
    static constexpr int kBytes = 210, kUpper = 128, kScales = 192, kScale = 208, kBlock = 256,
                         kScaled = 16;
    static constexpr int kMiddle = 32, kLoads = kBlock / kTogether;

    // Where 32 columns of a block lie. A template, so that code for one instruction set has its
    // own.
    template <typename>
    struct Part {
        int lower, lower_shift, upper, upper_shift, scales;
        explicit constexpr Part(int number)
            : lower(number / 4 * 64 + number % 2 * kTogether),
              lower_shift(number % 4 / 2 * 4),
              upper(kUpper + number / 4 * kTogether),
              upper_shift(number % 4 * 2),
              scales(kScales + number * 2) {}
    };

    template <typename V>
    static void load(const std::uint8_t* row, std::int64_t block, Weights<V>& w) {
        const std::uint8_t* const data = row + block / kLoads * kBytes;
        const Part<V> part(static_cast<int>(block % kLoads));
        const auto* const scales = reinterpret_cast<const std::int8_t*>(data + part.scales);
        const float scale = V::half(data + kScale);
        for (int v = 0; v < V::kVectors; ++v) {
            const int at = v * V::kLanes;
            const typename V::Ints q = (V::bytes(data + part.lower + at) >> part.lower_shift & 15) |
                                       (V::bytes(data + part.upper + at) >> part.upper_shift & 3)
                                           << 4;
            w[v] =
                V::floats(q - kMiddle) * V::all(scale * static_cast<float>(scales[at / kScaled]));
        }
    }
    static void quantise(const float* source, std::byte* target, std::int64_t cols, RowLoss& loss) {
        for (std::int64_t i = 0; i < cols; i += kBlock, target += kBytes)
            quantise_block(source + i, target, loss);
    }
    static void set_zero(std::byte* row, std::int64_t col, std::int64_t) {
        const Part<void> part(static_cast<int>(col % kBlock / kTogether));
        std::byte* const data = row + col / kBlock * kBytes + col % kTogether;
        data[part.lower] &= std::byte{15} << (4 - part.lower_shift);
        data[part.upper] &= ~(std::byte{3} << part.upper_shift);
        data[part.upper] |= std::byte{kMiddle >> 4} << part.upper_shift;
    }
    static void levels(const std::uint8_t* row, std::int64_t block, std::int64_t, Levels& out) {
        const std::uint8_t* const data = row + block / kLoads * kBytes;
        const Part<void> part(static_cast<int>(block % kLoads));
        for (int j = 0; j < kTogether; ++j)
            out.values[j] =
                static_cast<std::uint8_t>((data[part.lower + j] >> part.lower_shift & 15U) |
                                          (data[part.upper + j] >> part.upper_shift & 3U) << 4U);
        out.scale = half_at(data + kScale);
        std::memcpy(out.sub_scales, data + part.scales, 2);
    }

private:
    // The scale of 16 weights with which their rounding errors, weighted by their squares, are
    // least among scales that put the largest somewhat below and above −32. In units of the
    // largest, so that no product overflows.
    static float best_scale(const float* source) {
        const float most = signed_absmax(source, kScaled);
        if (most == 0.0F) return 0;
        float best = 0, scale = 0;
        for (int candidate = -9; candidate <= 9; ++candidate) {
            const float factor = -(32.0F + 0.1F * static_cast<float>(candidate));
            float with_values = 0, with_squares = 0;
            for (int j = 0; j < kScaled; ++j) {
                const float value = source[j] / most, weight = value * value;
                const float q = std::clamp(std::nearbyint(value * factor), -32.0F, 31.0F);
                with_values += weight * value * q;
                with_squares += weight * q * q;
            }
            // What a least-squares scale takes off the error.
            if (with_squares > 0 && with_values * with_values > best * with_squares) {
                best = with_values * with_values / with_squares;
                scale = with_values / with_squares;
            }
        }
        return scale * most;
    }

    static void quantise_block(const float* source, std::byte* target, RowLoss& loss) {
        float scales[kBlock / kScaled], most = 0;
        for (int s = 0; s < kBlock / kScaled; ++s) {
            scales[s] = best_scale(source + s * kScaled);
            if (std::abs(scales[s]) > std::abs(most)) most = scales[s];
        }
        const std::uint16_t stored = stored_scale(most / -128.0F, absmax(source, kBlock), loss);
        const float d = f16_to_f32(stored), inverse_d = inverse(d);
        std::memset(target, 0, kBytes);
        std::memcpy(target + kScale, &stored, sizeof stored);
        for (int s = 0; s < kBlock / kScaled; ++s) {
            const float scale = std::clamp(std::nearbyint(scales[s] * inverse_d), -128.0F, 127.0F);
            target[kScales + s] = static_cast<std::byte>(static_cast<std::int8_t>(scale));
            const float factor = inverse(d * scale);
            for (int j = s * kScaled; j < (s + 1) * kScaled; ++j) {
                const Part<void> part(j / kTogether);
                const auto q = static_cast<unsigned>(
                    kMiddle + static_cast<int>(
                                  std::clamp(std::nearbyint(source[j] * factor), -32.0F, 31.0F)));
                target[part.lower + j % kTogether] |=
                    static_cast<std::byte>((q & 15U) << part.lower_shift);
                target[part.upper + j % kTogether] |=
                    static_cast<std::byte>((q >> 4U) << part.upper_shift);
            }
        }
    }
};

}  // namespace hone::kernels
