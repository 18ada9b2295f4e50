// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "engine/weights/weight_format.h"
#include "kernels/convert/convert.h"

namespace hone {
namespace {

using kernels::f16_to_f32;
using kernels::f32_to_f16;

constexpr std::int64_t kBlock = 32;

void put(std::byte*& target, std::uint16_t value) {
    std::memcpy(target, &value, sizeof value);
    target += sizeof value;
}

// 0 where the scale is 0, or so small that f16 stores 0 for it anyway.
float inverse(float scale) {
    const float factor = 1.0F / scale;
    return std::isfinite(factor) ? factor : 0.0F;
}

// `scale` as it is stored, of a block whose weights span up to `most`.
std::uint16_t stored_scale(float scale, float most, RowLoss& loss) {
    constexpr unsigned kMagnitude = 0x7FFFU, kInfinity = 0x7C00U;
    const std::uint16_t stored = f32_to_f16(scale);
    if ((stored & kMagnitude) >= kInfinity) loss.overflows = true;
    if ((stored & kMagnitude) == 0 && most != 0.0F) ++loss.vanished;
    return stored;
}

float absmax(const float* values, std::int64_t count) {
    float most = 0;
    for (std::int64_t i = 0; i < count; ++i) most = std::max(most, std::abs(values[i]));
    return most;
}

// The value with the largest magnitude, with its sign; the first where several tie.
float signed_absmax(const float* values, std::int64_t count) {
    float most = 0, chosen = 0;
    for (std::int64_t i = 0; i < count; ++i) {
        if (std::abs(values[i]) > most) {
            most = std::abs(values[i]);
            chosen = values[i];
        }
    }
    return chosen;
}

std::uint8_t nibble(float value) {
    return value > 0.0F ? static_cast<std::uint8_t>(std::min(value, 15.0F)) : std::uint8_t{0};
}

// 32 values into 16 bytes: value j in the low, value j + 16 in the high nibble of byte j.
void put_nibbles(std::byte*& target, const float* values, float factor, float offset) {
    for (std::int64_t j = 0; j < kBlock / 2; ++j) {
        const unsigned low = nibble(values[j] * factor + offset),
                       high = nibble(values[j + kBlock / 2] * factor + offset);
        *target++ = static_cast<std::byte>(low | high << 4U);
    }
}

// ggml-quants.c, quantize_row_q8_0_ref.
void quantize_q8_0(const float* source, std::byte* target, std::int64_t cols, RowLoss& loss) {
    for (std::int64_t i = 0; i < cols; i += kBlock) {
        const float most = absmax(source + i, kBlock), scale = most / 127.0F, factor = inverse(scale);
        put(target, stored_scale(scale, most, loss));
        for (std::int64_t j = 0; j < kBlock; ++j)
            *target++ = static_cast<std::byte>(static_cast<std::int8_t>(std::round(source[i + j] * factor)));
    }
}

// quantize_row_q4_0_ref.
void quantize_q4_0(const float* source, std::byte* target, std::int64_t cols, RowLoss& loss) {
    for (std::int64_t i = 0; i < cols; i += kBlock) {
        const float most = signed_absmax(source + i, kBlock), scale = most / -8.0F;
        put(target, stored_scale(scale, most, loss));
        put_nibbles(target, source + i, inverse(scale), 8.5F);
    }
}

// quantize_row_q4_1_ref.
void quantize_q4_1(const float* source, std::byte* target, std::int64_t cols, RowLoss& loss) {
    for (std::int64_t i = 0; i < cols; i += kBlock) {
        const auto [low, high] = std::minmax_element(source + i, source + i + kBlock);
        const float minimum = *low, span = *high - minimum, scale = span / 15.0F, factor = inverse(scale);
        put(target, stored_scale(scale, span, loss));
        put(target,
            stored_scale(minimum, 0.0F, loss));  // a minimum that becomes 0 is rounded as any weight is
        for (std::int64_t j = 0; j < kBlock / 2; ++j) {
            const unsigned first = nibble((source[i + j] - minimum) * factor + 0.5F);
            const unsigned second = nibble((source[i + j + kBlock / 2] - minimum) * factor + 0.5F);
            *target++ = static_cast<std::byte>(first | second << 4U);
        }
    }
}

// The scale is rounded to its stored type before the integers are chosen, so that they fit what a reader sees.
void quantize_i8_channel(const float* source, std::byte* target, std::int64_t cols, RowLoss& loss) {
    const float most = absmax(source, cols);
    const std::uint16_t stored = stored_scale(most / 127.0F, most, loss);
    const float factor = inverse(f16_to_f32(stored));
    put(target, stored);
    for (std::int64_t i = 0; i < cols; ++i)
        *target++ = static_cast<std::byte>(
            static_cast<std::int8_t>(std::clamp(std::round(source[i] * factor), -127.0F, 127.0F)));
}

void quantize_i4_group(const float* source, std::byte* target, std::int64_t cols, std::int64_t group,
                       RowLoss& loss) {
    for (std::int64_t i = 0; i < cols; i += group) {
        const float most = signed_absmax(source + i, group);
        const std::uint16_t stored = stored_scale(most / -8.0F, most, loss);
        const float factor = inverse(f16_to_f32(stored));
        put(target, stored);
        for (std::int64_t j = 0; j < group; j += kBlock) put_nibbles(target, source + i + j, factor, 8.5F);
    }
}

// The scale is a power of two: a floating type loses next to nothing by that, and bf16 holds the products exactly.
void quantize_e4m3_channel(const float* source, std::byte* target, std::int64_t cols, RowLoss& loss) {
    constexpr float kLargest = 448;
    constexpr int kLeast = -24, kMost = 15;  // what f16 holds
    const float most = absmax(source, cols);
    int exponent = kLeast;
    while (exponent < kMost && std::ldexp(kLargest, exponent) < most) ++exponent;
    if (std::ldexp(kLargest, exponent) < most) loss.overflows = true;
    put(target, f32_to_f16(std::ldexp(1.0F, exponent)));
    const float factor = std::ldexp(1.0F, -exponent);
    unsigned codes = 0;
    for (std::int64_t i = 0; i < cols; ++i) {
        const std::uint8_t code = kernels::f32_to_e4m3(source[i] * factor);
        codes |= code & 0x7FU;
        *target++ = static_cast<std::byte>(code);
    }
    if (most != 0.0F && codes == 0) ++loss.vanished;
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

}  // namespace

kernels::WeightType kernel_type(DType type) {
    switch (type) {
        case DType::f32:
            return kernels::WeightType::f32;
        case DType::f16:
            return kernels::WeightType::f16;
        case DType::bf16:
            return kernels::WeightType::bf16;
        case DType::q8_0:
            return kernels::WeightType::q8_0;
        case DType::q4_0:
            return kernels::WeightType::q4_0;
        case DType::q4_1:
            return kernels::WeightType::q4_1;
        case DType::i8_channel:
            return kernels::WeightType::i8_channel;
        case DType::i4_g32:
            return kernels::WeightType::i4_g32;
        case DType::i4_g64:
            return kernels::WeightType::i4_g64;
        case DType::i4_g128:
            return kernels::WeightType::i4_g128;
        case DType::e4m3_channel:
            return kernels::WeightType::e4m3_channel;
        case DType::sparse_f32:
            return kernels::WeightType::sparse_f32;
        case DType::sparse_f16:
            return kernels::WeightType::sparse_f16;
        case DType::sparse_bf16:
            break;
    }
    return kernels::WeightType::sparse_bf16;
}

RowLoss quantize_row(DType type, const float* source, std::byte* target, std::int64_t cols) {
    constexpr unsigned kF16Infinity = 0x7C00U, kBf16Infinity = 0x7F80U;
    RowLoss loss;
    switch (type) {
        case DType::f32:
            std::memcpy(target, source, static_cast<std::size_t>(cols) * sizeof(float));
            break;
        case DType::f16:
            convert_halves(source, target, cols, f32_to_f16, kF16Infinity, loss);
            break;
        case DType::bf16:
            convert_halves(source, target, cols, kernels::f32_to_bf16, kBf16Infinity, loss);
            break;
        case DType::q8_0:
            quantize_q8_0(source, target, cols, loss);
            break;
        case DType::q4_0:
            quantize_q4_0(source, target, cols, loss);
            break;
        case DType::q4_1:
            quantize_q4_1(source, target, cols, loss);
            break;
        case DType::i8_channel:
            quantize_i8_channel(source, target, cols, loss);
            break;
        case DType::i4_g32:
        case DType::i4_g64:
        case DType::i4_g128:
            quantize_i4_group(source, target, cols, info(type).block, loss);
            break;
        case DType::e4m3_channel:
            quantize_e4m3_channel(source, target, cols, loss);
            break;
        case DType::sparse_f32:
        case DType::sparse_f16:
        case DType::sparse_bf16:
            break;  // excluded by the precondition
    }
    return loss;
}

void dequantize_row(DType type, const std::byte* source, float* target, std::int64_t cols) {
    kernels::expand_row(kernel_type(type), source, target, cols, kernels::best_isa());
}

}  // namespace hone
