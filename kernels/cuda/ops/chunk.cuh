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
        HONE_UNROLL
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

// kIntegers + n, exactly, of an n below 2²³: two cheap instructions, where a conversion takes one of which a processor starts few.
inline constexpr float kIntegers = 8388608.0F;  // 2²³: a float's last bit is worth 1
HONE_DEVICE float small_integer(std::uint32_t n) {
    return bits_as<float>(0x4B000000U | n);
}

// The 8 values of a chunk as they are multiplied: before scale and minimum. `zero`: what int4's values count from.
template <PlaneType type>
HONE_DEVICE void expand_raw(const RawChunk<type>& raw, float zero, float (&w)[kChunk]) {
    HONE_UNROLL
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
            w[i] = small_integer(raw.words[0] >> 4 * i & 15U) - (kIntegers + zero);
        } else if constexpr (type == PlaneType::i8) {
            w[i] =
                small_integer((raw.words[i / 4] ^ 0x80808080U) >> 8 * (i % 4) & 255U) - (kIntegers + 128.0F);
        } else {
            const F32x2 two = unpack_e4m3(static_cast<std::uint16_t>(raw.words[i / 4] >> 16 * (i % 4 / 2)));
            w[i] = i % 2 == 0 ? two.x : two.y;
        }
    }
}

inline constexpr float kInt4Middle = 8;
HONE_DEVICE float zero_of(const Matrix& matrix) {
    return matrix.minima == nullptr ? kInt4Middle : 0.0F;
}

template <PlaneType type>
HONE_DEVICE void load_chunk(const Matrix& matrix, std::int64_t row, std::int64_t chunk, float (&w)[kChunk]) {
    expand_raw(load_raw<type>(matrix, row, chunk), zero_of(matrix), w);
}

struct Affine {
    float scale, minimum;
};

// A chunk's scale, and its minimum, as they lie in memory: like a RawChunk, converted where they are used, so that nothing waits for them before.
template <bool minima>
struct RawAffine {
    F16 scale;
};
template <>
struct RawAffine<true> {
    F16 scale, minimum;
};

HONE_BOTH constexpr bool has_scales(PlaneType type) {
    return type == PlaneType::i8 || type == PlaneType::i4 || type == PlaneType::e4m3;
}

// Scales and minima of a matrix, found without dividing: groups are whole rows, or chunks by powers of two.
struct AffinePlanes {
    HONE_DEVICE explicit AffinePlanes(const Matrix& matrix)
        : scales{matrix.scales},
          minima{matrix.minima},
          a_row(matrix.group == 0 ? 0 : matrix.cols / matrix.group),
          shift(a_row <= 1 ? kWholeRow : bit_count(static_cast<std::uint32_t>(matrix.group / kChunk) - 1)) {}

    HONE_DEVICE Affine of(std::int64_t row, std::int64_t chunk) const {
        if (a_row == 0) return {1.0F, 0.0F};
        const std::int64_t at = place(row, chunk);
        return {to_float_fast(scales[at]), minima.data == nullptr ? 0.0F : to_float_fast(minima[at])};
    }

    // Of a matrix that has scales, and with `minima` those too.
    template <bool with_minima>
    HONE_DEVICE RawAffine<with_minima> raw(std::int64_t row, std::int64_t chunk) const {
        const std::int64_t at = place(row, chunk);
        if constexpr (with_minima)
            return {scales[at], minima[at]};
        else
            return {scales[at]};
    }

    static constexpr int kWholeRow = 40;  // beyond any row's chunks
    Global<const F16> scales, minima;
    std::int64_t a_row;
    int shift;

private:
    HONE_DEVICE std::int64_t place(std::int64_t row, std::int64_t chunk) const {
        return row * a_row + (chunk >> shift);
    }
};

// Eight values in neighbouring places, in as few stores as there are: of floats, or of 16-bit types.
template <typename To>
HONE_DEVICE void store_chunk(const Global<To>& to, std::int64_t at, const float (&w)[kChunk]) {
    if constexpr (sizeof(To) == sizeof(float)) {
        store(to, at, F32x4{w[0], w[1], w[2], w[3]});
        store(to, at + 4, F32x4{w[4], w[5], w[6], w[7]});
    } else {
        std::uint32_t words[kChunk / 2];
        HONE_UNROLL
        for (int i = 0; i < kChunk / 2; ++i)
            words[i] = Convert<To>::from(w[2 * i]).bits |
                       static_cast<std::uint32_t>(Convert<To>::from(w[2 * i + 1]).bits) << 16;
        store(to, at, U32x4{words[0], words[1], words[2], words[3]});
    }
}

}  // namespace hone::gpu
