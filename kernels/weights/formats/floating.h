// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>

#include "kernels/weights/formats/quantising.h"

// F32, F16 and BF16: little-endian numbers, one after the other.

namespace hone::kernels {

template <typename V, typename V::Floats (*Load)(const void*), int Bytes>
inline void load_numbers(const std::uint8_t* row, std::int64_t block, Weights<V>& w) {
    for (int v = 0; v < V::kVectors; ++v)
        w[v] = Load(row + (block * kTogether + v * V::kLanes) * Bytes);
}

inline void zero_number(std::byte* row, std::int64_t col, std::size_t bytes) {
    std::memset(row + static_cast<std::size_t>(col) * bytes, 0, bytes);
}

// `infinity`: the type's, without a sign.
template <typename Convert>
void convert_halves(const float* source, std::byte* target, std::int64_t cols, Convert convert,
                    unsigned infinity, RowLoss& loss) {
    constexpr unsigned kMagnitude = 0x7FFFU;
    unsigned most = 0, stored_most = 0;
    for (std::int64_t i = 0; i < cols; ++i) {
        const std::uint16_t stored = convert(source[i]);
        most |= std::bit_cast<std::uint32_t>(source[i]) << 1U;
        stored_most = std::max(stored_most, stored & kMagnitude);
        put(target, stored);
    }
    if (stored_most >= infinity) loss.overflows = true;
    if (most != 0 && stored_most == 0) ++loss.vanished;
}

struct F32 {
    static constexpr int kBytes = 4;
    template <typename V>
    static typename V::Floats values(const void* from) {
        return V::f32(from);
    }
    template <typename V>
    static void load(const std::uint8_t* row, std::int64_t block, Weights<V>& w) {
        load_numbers<V, V::f32, kBytes>(row, block, w);
    }
    static void quantise(const float* source, std::byte* target, std::int64_t cols, RowLoss&) {
        std::memcpy(target, source, static_cast<std::size_t>(cols) * sizeof(float));
    }
    static void set_zero(std::byte* row, std::int64_t col, std::int64_t) {
        zero_number(row, col, kBytes);
    }
};

struct F16 {
    static constexpr int kBytes = 2;
    template <typename V>
    static typename V::Floats values(const void* from) {
        return V::f16(from);
    }
    template <typename V>
    static void load(const std::uint8_t* row, std::int64_t block, Weights<V>& w) {
        load_numbers<V, V::f16, kBytes>(row, block, w);
    }
    static void quantise(const float* source, std::byte* target, std::int64_t cols, RowLoss& loss) {
        convert_halves(source, target, cols, f32_to_f16, 0x7C00U, loss);
    }
    static void set_zero(std::byte* row, std::int64_t col, std::int64_t) {
        zero_number(row, col, kBytes);
    }
};

struct Bf16 {
    static constexpr int kBytes = 2;
    template <typename V>
    static typename V::Floats values(const void* from) {
        return V::bf16(from);
    }
    template <typename V>
    static void load(const std::uint8_t* row, std::int64_t block, Weights<V>& w) {
        load_numbers<V, V::bf16, kBytes>(row, block, w);
    }
    static void quantise(const float* source, std::byte* target, std::int64_t cols, RowLoss& loss) {
        convert_halves(source, target, cols, f32_to_bf16, 0x7F80U, loss);
    }
    static void set_zero(std::byte* row, std::int64_t col, std::int64_t) {
        zero_number(row, col, kBytes);
    }
};

}  // namespace hone::kernels
