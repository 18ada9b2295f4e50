// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/cuda/machine.h"
#include "kernels/cuda/numbers.h"
#include "kernels/cuda/ops/matrix.h"

namespace hone::cuda {

// A chunk as it lies in memory. Loading and expanding are apart so that a kernel can have several
// chunks under way.
template <PlaneType type>
struct RawChunk {
    static constexpr int kWords = static_cast<int>(chunk_bytes(type) / 4);
    std::uint32_t words[kWords];
    std::uint32_t beside =
        0;  // of 2:4 types which columns are stored, of integers their upper bits
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
        raw.beside =
            Global<const std::uint8_t>{matrix.places}[row * (matrix.cols / kChunk) + chunk];
    constexpr int kUpper = plane_info(type).upper_bits;
    static_assert(kUpper <= 2, "one load");
    if constexpr (kUpper == 1)
        raw.beside = Global<const std::uint8_t>{matrix.upper}[row * (matrix.cols / kChunk) + chunk];
    if constexpr (kUpper == 2)
        raw.beside = load<std::uint16_t>(Global<const std::uint8_t>{matrix.upper},
                                         kUpper * (row * (matrix.cols / kChunk) + chunk));
    return raw;
}

// kIntegers + n, exactly, of an n below 2²³: two cheap instructions, where a conversion takes one
// of which a processor starts few.
inline constexpr float kIntegers = 8388608.0F;  // 2²³: a float's last bit is worth 1
HONE_DEVICE float small_integer(std::uint32_t n) {
    return bits_as<float>(0x4B000000U | n);
}

// The 8 values of a chunk as they are multiplied: before scale and minimum. `zero`: what integers
// count from.
template <PlaneType type>
HONE_DEVICE void expand_raw(const RawChunk<type>& raw, float zero, float (&w)[kChunk]) {
    HONE_UNROLL
    for (int i = 0; i < kChunk; ++i) {
        if constexpr (is_two_of_four(type)) {
            const std::uint32_t word = raw.words[i / 4], places = raw.beside >> 4 * (i / 4);
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
        } else if constexpr (is_packed_integer(type)) {
            constexpr int kUpper = plane_info(type).upper_bits;
            std::uint32_t integer = raw.words[0] >> 4 * i & 15U;
            if constexpr (kUpper > 0)
                integer |= (raw.beside >> kUpper * i & ((1U << kUpper) - 1)) << 4;
            w[i] = small_integer(integer) - (kIntegers + zero);
        } else if constexpr (type == PlaneType::i8) {
            w[i] = small_integer((raw.words[i / 4] ^ 0x80808080U) >> 8 * (i % 4) & 255U) -
                   (kIntegers + 128.0F);
        } else {
            const F32x2 two =
                unpack_e4m3(static_cast<std::uint16_t>(raw.words[i / 4] >> 16 * (i % 4 / 2)));
            w[i] = i % 2 == 0 ? two.x : two.y;
        }
    }
}

HONE_DEVICE float zero_of(const Matrix& matrix) {
    return matrix.minima == nullptr ? static_cast<float>(plane_info(matrix.type).middle) : 0.0F;
}

template <PlaneType type>
HONE_DEVICE void load_chunk(const Matrix& matrix, std::int64_t row, std::int64_t chunk,
                            float (&w)[kChunk]) {
    expand_raw(load_raw<type>(matrix, row, chunk), zero_of(matrix), w);
}

struct Affine {
    float scale, minimum;
};

// A chunk's scale, and its minimum, as they lie in memory: like a RawChunk, converted where they
// are used, so that nothing waits for them before.
template <bool minima, bool sub_scaled>
struct RawAffine {
    F16 scale_;
    HONE_DEVICE float scale() const { return to_float_fast(scale_); }
    HONE_DEVICE float minimum() const { return 0; }
};
template <>
struct RawAffine<true, false> {
    F16 scale_, minimum_;
    HONE_DEVICE float scale() const { return to_float_fast(scale_); }
    HONE_DEVICE float minimum() const { return to_float_fast(minimum_); }
};
template <>
struct RawAffine<false, true> {
    F16 scale_;
    std::int8_t sub_scale_;
    HONE_DEVICE float scale() const {
        return to_float_fast(scale_) * static_cast<float>(sub_scale_);
    }
    HONE_DEVICE float minimum() const { return 0; }
};
template <>
struct RawAffine<true, true> {
    F16 scale_, minimum_;
    std::int8_t sub_scale_, sub_minimum_;
    HONE_DEVICE float scale() const {
        return to_float_fast(scale_) * static_cast<float>(sub_scale_);
    }
    HONE_DEVICE float minimum() const {
        return to_float_fast(minimum_) * static_cast<float>(sub_minimum_);
    }
};

HONE_BOTH constexpr bool has_scales(PlaneType type) {
    return plane_info(type).scaled;
}

// Scales and minima of a matrix, found without dividing: groups are whole rows, or chunks by powers
// of two.
template <PlaneType type>
struct AffinePlanes {
    static constexpr bool kSubScaled = plane_info(type).sub_scaled;
    template <bool with_minima>
    using Raw = RawAffine<with_minima, kSubScaled>;

    HONE_DEVICE explicit AffinePlanes(const Matrix& matrix)
        : scales{matrix.scales},
          minima{matrix.minima},
          sub_scales{matrix.sub_scales},
          sub_minima{matrix.sub_minima},
          a_row(matrix.group == 0 ? 0 : matrix.cols / matrix.group),
          shift(a_row <= 1 ? kWholeRow
                           : bit_count(static_cast<std::uint32_t>(matrix.group / kChunk) - 1)) {}

    HONE_DEVICE Affine of(std::int64_t row, std::int64_t chunk) const {
        if (!has_scales(type) || a_row == 0) return {1.0F, 0.0F};
        if (minima.data == nullptr) return {raw<false>(row, chunk).scale(), 0.0F};
        const Raw<true> both = raw<true>(row, chunk);
        return {both.scale(), both.minimum()};
    }

    // The scales of a matrix that has them, and with `minima` those too.
    template <bool with_minima>
    HONE_DEVICE Raw<with_minima> raw(std::int64_t row, std::int64_t chunk) const {
        const std::int64_t at = row * a_row + (chunk >> shift);
        if constexpr (kSubScaled) {
            constexpr int kSuperShift = 5;
            static_assert(kSuper == kChunk << kSuperShift);
            // A row's groups are whole scales, so that neither division is one of columns.
            const std::int64_t super =
                row * (a_row >> (kSuperShift - shift)) + (chunk >> kSuperShift);
            if constexpr (with_minima)
                return {scales[super], minima[super], sub_scales[at], sub_minima[at]};
            else
                return {scales[super], sub_scales[at]};
        } else if constexpr (with_minima) {
            return {scales[at], minima[at]};
        } else {
            return {scales[at]};
        }
    }

    static constexpr int kWholeRow = 40;  // beyond any row's chunks
    Global<const F16> scales, minima;
    Global<const std::int8_t> sub_scales, sub_minima;
    std::int64_t a_row;
    int shift;
};

// Eight values in neighbouring places, in as few stores as there are: of floats, or of 16-bit
// types.
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

}  // namespace hone::cuda
