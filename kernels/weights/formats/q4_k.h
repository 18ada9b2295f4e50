// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <limits>

#include "kernels/weights/formats/quantising.h"

namespace hone::kernels {

// ggml's Q4_K, blocks of 256: f16 d, f16 dmin, 12 bytes with six bits of scale and of minimum for
// each 32 weights, 128 bytes of integers (of each 64 weights the first 32 in the low nibbles of 32
// bytes, the others in the high ones); w = d·scale·q − dmin·minimum.
struct Q4_K {
    static constexpr int kBytes = 144, kMinimum = 2, kScales = 4, kIntegers = 16, kBlock = 256;
    static constexpr int kParts = kBlock / kTogether;

    // Scale and minimum of the `number`th 32 weights. A template, so that code for one instruction
    // set has its own.
    template <typename>
    struct Six {
        unsigned scale, minimum;
        Six(const std::uint8_t* s, int number) {
            if (number < 4) {
                scale = s[number] & 63U;
                minimum = s[number + 4] & 63U;
            } else {
                scale = (s[number + 4] & 15U) | (s[number - 4] >> 6U) << 4U;
                minimum = (s[number + 4] >> 4U) | (s[number] >> 6U) << 4U;
            }
        }
    };

    template <typename V>
    static void load(const std::uint8_t* row, std::int64_t block, Weights<V>& w) {
        const std::uint8_t* const data = row + block / kParts * kBytes;
        const int number = static_cast<int>(block % kParts);
        const Six<V> six(data + kScales, number);
        const typename V::Floats scale = V::all(V::half(data) * static_cast<float>(six.scale)),
                                 minimum = V::all(V::half(data + kMinimum) *
                                                  static_cast<float>(six.minimum));
        const std::uint8_t* const integers = data + kIntegers + number / 2 * kTogether;
        const int shift = number % 2 * 4;
        for (int v = 0; v < V::kVectors; ++v)
            w[v] = V::floats(V::bytes(integers + v * V::kLanes) >> shift & 15) * scale - minimum;
    }
    static void quantise(const float* source, std::byte* target, std::int64_t cols, RowLoss& loss) {
        for (std::int64_t i = 0; i < cols; i += kBlock, target += kBytes)
            quantise_block(source + i, target, loss);
    }
    static void levels(const std::uint8_t* row, std::int64_t block, std::int64_t, Levels& out) {
        constexpr unsigned kSign = 0x8000U;  // what is taken off here is added there
        const std::uint8_t* const data = row + block / kParts * kBytes;
        const int number = static_cast<int>(block % kParts);
        const Six<void> six(data + kScales, number);
        out.scale = half_at(data);
        out.minimum = static_cast<std::uint16_t>(half_at(data + kMinimum) ^ kSign);
        out.sub_scales[0] = static_cast<std::uint8_t>(six.scale);
        out.sub_minimum = static_cast<std::uint8_t>(six.minimum);
        for (int j = 0; j < kTogether; ++j)
            out.values[j] = data[kIntegers + number / 2 * kTogether + j] >> number % 2 * 4 & 15U;
    }

private:
    struct Affine {
        float scale = 0, minimum = 0;  // w = scale·q − minimum; neither below 0
    };

    // The weighted sums of one way to round 32 weights, from which the best scale and minimum for
    // it follow.
    struct Sums {
        float weights = 0, levels = 0, squares = 0, values = 0, products = 0, value_squares = 0;

        void add(float weight, float q, float value) {
            weights += weight;
            levels += weight * q;
            squares += weight * q * q;
            values += weight * value;
            products += weight * q * value;
            value_squares += weight * value * value;
        }
        // Least squares in two unknowns; in one where the minimum would be above 0.
        Affine best() const {
            const float determinant = weights * squares - levels * levels;
            if (determinant > 0) {
                const float scale = (weights * products - levels * values) / determinant,
                            minimum = (levels * products - squares * values) / determinant;
                if (minimum >= 0 && scale >= 0) return {scale, minimum};
            }
            return {squares > 0 ? std::max(0.0F, products / squares) : 0, 0};
        }
        float error(const Affine& a) const {
            return a.scale * a.scale * squares + a.minimum * a.minimum * weights + value_squares -
                   2 * (a.scale * a.minimum * levels + a.scale * products - a.minimum * values);
        }
    };

    // Fits 32 weights in units of `most`, the block's largest magnitude, so that no product
    // overflows. Errors weigh the more the larger a weight is: by its magnitude and the root of the
    // mean square. Steps around a fifteenth of the span are tried.
    static Affine best_affine(const float* source, float most) {
        float values[kTogether], low = 0, high = 0, squares = 0;
        for (int j = 0; j < kTogether; ++j) {
            values[j] = source[j] / most;
            low = std::min(low, values[j]);
            high = std::max(high, values[j]);
            squares += values[j] * values[j];
        }
        const float span = high - low, usual = std::sqrt(squares / kTogether);
        if (span == 0) return {};
        Affine best;
        float least = std::numeric_limits<float>::infinity();
        for (int candidate = -10; candidate <= 10; ++candidate) {
            const float factor = (15.0F + 0.1F * static_cast<float>(candidate)) / span;
            Sums sums;
            for (const float value : values) {
                const float q = std::clamp(std::nearbyint((value - low) * factor), 0.0F, 15.0F);
                sums.add(usual + std::abs(value), q, value);
            }
            const Affine affine = sums.best();
            const float error = sums.error(affine);
            if (error >= least) continue;
            least = error;
            best = affine;
        }
        return {best.scale * most, best.minimum * most};
    }

    static void put_sixes(std::byte* to, const unsigned (&scales)[kParts],
                          const unsigned (&minima)[kParts]) {
        for (int j = 0; j < 4; ++j) {
            to[j] = static_cast<std::byte>(scales[j] | scales[j + 4] >> 4U << 6U);
            to[j + 4] = static_cast<std::byte>(minima[j] | minima[j + 4] >> 4U << 6U);
            to[j + 8] = static_cast<std::byte>((scales[j + 4] & 15U) | (minima[j + 4] & 15U) << 4U);
        }
    }

    static void quantise_block(const float* source, std::byte* target, RowLoss& loss) {
        constexpr float kSix = 63;
        const float largest = absmax(source, kBlock);
        Affine affines[kParts];
        float most_scale = 0, most_minimum = 0;
        for (int p = 0; p < kParts && largest > 0; ++p) {
            affines[p] = best_affine(source + p * kTogether, largest);
            most_scale = std::max(most_scale, affines[p].scale);
            most_minimum = std::max(most_minimum, affines[p].minimum);
        }
        const std::uint16_t stored = stored_scale(most_scale / kSix, largest, loss),
                            stored_minimum = stored_scale(most_minimum / kSix, 0.0F, loss);
        const float d = f16_to_f32(stored), dmin = f16_to_f32(stored_minimum);
        std::memset(target, 0, kBytes);
        std::memcpy(target, &stored, sizeof stored);
        std::memcpy(target + kMinimum, &stored_minimum, sizeof stored_minimum);
        unsigned scales[kParts], minima[kParts];
        for (int p = 0; p < kParts; ++p) {
            scales[p] = level(affines[p].scale * inverse(d) + 0.5F, kSix);
            minima[p] = level(affines[p].minimum * inverse(dmin) + 0.5F, kSix);
            const float factor = inverse(d * static_cast<float>(scales[p])),
                        minimum = dmin * static_cast<float>(minima[p]);
            for (int j = 0; j < kTogether; ++j) {
                const unsigned q =
                    level((source[p * kTogether + j] + minimum) * factor + 0.5F, 15.0F);
                target[kIntegers + p / 2 * kTogether + j] |= static_cast<std::byte>(q << p % 2 * 4);
            }
        }
        put_sixes(target + kScales, scales, minima);
    }
};

}  // namespace hone::kernels
