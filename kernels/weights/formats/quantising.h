// SPDX-License-Identifier: Apache-2.0
#pragma once

// What several quantisers do alike. Runs on any processor: never called from what is compiled for
// one instruction set.

#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels/convert/convert.h"
#include "kernels/weights/formats/row.h"

namespace hone::kernels {

inline void put(std::byte*& target, std::uint16_t value) {
    std::memcpy(target, &value, sizeof value);
    target += sizeof value;
}

inline std::uint16_t half_at(const std::uint8_t* from) {
    std::uint16_t value = 0;
    std::memcpy(&value, from, sizeof value);
    return value;
}

// 0 where the scale is 0, or so small that f16 stores 0 for it anyway.
inline float inverse(float scale) {
    const float factor = 1.0F / scale;
    return std::isfinite(factor) ? factor : 0.0F;
}

// `scale` as it is stored, of a block whose weights span up to `most`.
inline std::uint16_t stored_scale(float scale, float most, RowLoss& loss) {
    constexpr unsigned kMagnitude = 0x7FFFU, kInfinity = 0x7C00U;
    const std::uint16_t stored = f32_to_f16(scale);
    if ((stored & kMagnitude) >= kInfinity) loss.overflows = true;
    if ((stored & kMagnitude) == 0 && most != 0.0F) ++loss.vanished;
    return stored;
}

inline float absmax(const float* values, std::int64_t count) {
    float most = 0;
    for (std::int64_t i = 0; i < count; ++i) most = std::max(most, std::abs(values[i]));
    return most;
}

// The value with the largest magnitude, with its sign; the first where several tie.
inline float signed_absmax(const float* values, std::int64_t count) {
    float most = 0, chosen = 0;
    for (std::int64_t i = 0; i < count; ++i) {
        if (std::abs(values[i]) > most) {
            most = std::abs(values[i]);
            chosen = values[i];
        }
    }
    return chosen;
}

// `value` cut to 0 … `most`, its fraction left out.
inline unsigned level(float value, float most) {
    return value > 0.0F ? static_cast<unsigned>(std::min(value, most)) : 0U;
}

// The low four bits of 32 levels in 16 bytes: level j in the low, level j + 16 in the high nibble
// of byte j.
inline void put_nibbles(std::byte*& target, const unsigned (&levels)[kTogether]) {
    for (int j = 0; j < kTogether / 2; ++j)
        *target++ =
            static_cast<std::byte>((levels[j] & 15U) | (levels[j + kTogether / 2] & 15U) << 4U);
}

// The same, read.
inline void nibbles_of(const std::uint8_t* data, std::uint8_t (&levels)[kTogether]) {
    for (int j = 0; j < kTogether / 2; ++j) {
        levels[j] = data[j] & 15U;
        levels[j + kTogether / 2] = static_cast<std::uint8_t>(data[j] >> 4U);
    }
}

// Column `col` of 32 that put_nibbles() wrote.
inline void set_nibble(std::byte* data, std::int64_t col, unsigned level) {
    std::byte& both = data[col % (kTogether / 2)];
    both = col < kTogether / 2 ? (both & std::byte{0xF0}) | static_cast<std::byte>(level)
                               : (both & std::byte{0x0F}) | static_cast<std::byte>(level << 4U);
}

}  // namespace hone::kernels
