// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/cuda/machine.h"
#include "kernels/cuda/numbers.h"
#include "kernels/cuda/ops/matrix.h"

namespace hone::gpu {

// A chunk as it lies in memory. Loading and expanding are apart so that a kernel can have several chunks under way.
template <PlaneType type>
struct RawChunk {
    static constexpr int kWords = static_cast<int>(chunk_bytes(type) / 4);
    std::uint32_t words[kWords];
    std::uint32_t places = 0;  // of 2:4 types
};

template <PlaneType type>
HONE_DEVICE RawChunk<type> load_raw(const Matrix& matrix, std::int64_t row, std::int64_t chunk) {
    constexpr int kWords = RawChunk<type>::kWords;
    const Global<const std::uint32_t> words{static_cast<const std::uint32_t*>(matrix.values)};
    const std::int64_t at = (row * (matrix.cols / kChunk) + chunk) * kWords;
    RawChunk<type> raw;
    if constexpr (kWords == 1) {
        raw.words[0] = load_once<std::uint32_t>(words, at);
    } else if constexpr (kWords == 2) {
        const auto two = load_once<U32x2>(words, at);
        raw.words[0] = two.x, raw.words[1] = two.y;
    } else {
        for (int i = 0; i < kWords; i += 4) {
            const auto four = load_once<U32x4>(words, at + i);
            raw.words[i] = four.x, raw.words[i + 1] = four.y, raw.words[i + 2] = four.z,
            raw.words[i + 3] = four.w;
        }
    }
    if constexpr (is_two_of_four(type))
        raw.places = Global<const std::uint8_t>{matrix.places}[row * (matrix.cols / kChunk) + chunk];
    return raw;
}

// The 8 values of a chunk as they are multiplied: before scale and minimum. `zero`: what int4's values count from.
template <PlaneType type>
HONE_DEVICE void expand_raw(const RawChunk<type>& raw, float zero, float (&w)[kChunk]) {
    for (int i = 0; i < kChunk; ++i) {
        if constexpr (is_two_of_four(type)) {
            const std::uint32_t word = raw.words[i / 4], places = raw.places >> 4 * (i / 4);
            const std::uint32_t place = i % 4;
            const std::uint32_t bits = place == (places & 3U)        ? word & 0xFFFFU
                                       : place == (places >> 2 & 3U) ? word >> 16
                                                                     : 0U;
            if constexpr (type == PlaneType::bf16_2of4)
                w[i] = bits_as<float>(bits << 16);
            else
                w[i] = to_float_fast(F16{static_cast<std::uint16_t>(bits)});
        } else if constexpr (type == PlaneType::f32) {
            w[i] = bits_as<float>(raw.words[i]);
        } else if constexpr (type == PlaneType::bf16) {
            const std::uint32_t word = raw.words[i / 2];
            w[i] = bits_as<float>(i % 2 == 0 ? word << 16 : word & 0xFFFF0000U);
        } else if constexpr (type == PlaneType::f16) {
            w[i] = to_float_fast(F16{static_cast<std::uint16_t>(raw.words[i / 2] >> 16 * (i % 2))});
        } else if constexpr (type == PlaneType::i4) {
            w[i] = static_cast<float>(raw.words[0] >> 4 * i & 15U) - zero;
        } else {
            const auto byte = static_cast<std::uint8_t>(raw.words[i / 4] >> 8 * (i % 4));
            if constexpr (type == PlaneType::i8)
                w[i] = static_cast<float>(static_cast<std::int8_t>(byte));
            else
                w[i] = to_float(E4M3{byte});
        }
    }
}

HONE_DEVICE float zero_of(const Matrix& matrix) {
    return matrix.minima == nullptr ? 8.0F : 0.0F;
}

template <PlaneType type>
HONE_DEVICE void load_chunk(const Matrix& matrix, std::int64_t row, std::int64_t chunk, float (&w)[kChunk]) {
    expand_raw(load_raw<type>(matrix, row, chunk), zero_of(matrix), w);
}

struct Affine {
    float scale, minimum;
};

HONE_DEVICE Affine affine_of(const Matrix& matrix, std::int64_t row, std::int64_t chunk) {
    if (matrix.group == 0) return {1.0F, 0.0F};
    const std::int64_t at = row * (matrix.cols / matrix.group) + chunk * kChunk / matrix.group;
    const Global<const F16> scales{matrix.scales}, minima{matrix.minima};
    return {to_float_fast(scales[at]), matrix.minima == nullptr ? 0.0F : to_float_fast(minima[at])};
}

}  // namespace hone::gpu
