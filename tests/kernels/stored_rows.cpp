// SPDX-License-Identifier: Apache-2.0
#include "tests/kernels/stored_rows.h"

#include <bit>
#include <cmath>
#include <cstring>

namespace hone::kernels {
namespace {

std::uint16_t u16_at(const std::byte* p) {
    std::uint16_t value = 0;
    std::memcpy(&value, p, sizeof value);
    return value;
}

double e4m3_value(std::byte stored) {
    const auto bits = std::to_integer<int>(stored);
    const int exponent = bits >> 3 & 15, mantissa = bits & 7;
    const double magnitude =
        exponent == 0 ? std::ldexp(mantissa, -9) : std::ldexp(8 + mantissa, exponent - 10);
    return bits >> 7 != 0 ? -magnitude : magnitude;
}

double bfloat_value(std::uint16_t bits) {
    return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16U);
}

int nibble_at(const std::byte* block, std::int64_t col) {
    const auto byte = static_cast<unsigned>(block[col % 16]);
    return static_cast<int>(col % 32 < 16 ? byte & 15U : byte >> 4U);
}

double int4_value(const std::byte* row, std::int64_t group, std::int64_t col) {
    const std::byte* const start = row + col / group * (2 + group / 2);
    return half_value(u16_at(start)) * (nibble_at(start + 2 + col % group / 32 * 16, col) - 8);
}

bool scales_a_row(WeightType type) {
    return type == WeightType::i8_channel || type == WeightType::e4m3_channel;
}

// Where a row of `type` keeps its 16-bit scales, one after the other.
std::vector<std::int64_t> scale_offsets(WeightType type, std::int64_t cols) {
    std::vector<std::int64_t> offsets;
    if (scales_a_row(type)) return {0};
    const std::int64_t block = block_of(type);
    if (block == 1) return {};
    const std::int64_t bytes = bytes_of_row(type, block);
    for (std::int64_t b = 0; b < cols / block; ++b) {
        offsets.push_back(b * bytes);
        if (type == WeightType::q4_1) offsets.push_back(b * bytes + 2);
    }
    return offsets;
}

bool is_floating(WeightType type) {
    return type == WeightType::f32 || type == WeightType::f16 || type == WeightType::bf16;
}

void put_half(std::byte* p, std::uint32_t bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    std::memcpy(p, &half, sizeof half);
}

// ±1.mantissa · 2^(exponent − 3).
void put_float(WeightType type, std::byte* row, std::int64_t col, std::uint32_t sign, std::uint32_t exponent,
               std::uint32_t mantissa) {
    if (type == WeightType::f32) {
        const std::uint32_t bits = sign << 31U | (124 + exponent) << 23U | (mantissa & 0x7FFFFFU);
        std::memcpy(row + 4 * col, &bits, sizeof bits);
    } else if (type == WeightType::f16) {
        put_half(row + 2 * col, sign << 15U | (12 + exponent) << 10U | (mantissa & 0x3FFU));
    } else {
        put_half(row + 2 * col, sign << 15U | (124 + exponent) << 7U | (mantissa & 0x7FU));
    }
}

}  // namespace

const char* type_name(WeightType type) {
    constexpr std::array<const char*, 11> kNames{"f32",    "f16",     "bf16",        "q8_0",
                                                 "q4_0",   "q4_1",    "i8_channel",  "i4_g32",
                                                 "i4_g64", "i4_g128", "e4m3_channel"};
    return kNames[static_cast<std::size_t>(type)];
}

std::int64_t block_of(WeightType type) {
    constexpr std::array<std::int64_t, 11> kBlocks{1, 1, 1, 32, 32, 32, 1, 32, 64, 128, 1};
    return kBlocks[static_cast<std::size_t>(type)];
}

std::int64_t bytes_of_row(WeightType type, std::int64_t cols) {
    constexpr std::array<std::int64_t, 11> kBytes{4, 2, 2, 34, 18, 20, 1, 18, 34, 66, 1};
    const std::int64_t blocks = cols / block_of(type) * kBytes[static_cast<std::size_t>(type)];
    return scales_a_row(type) ? blocks + 2 : blocks;
}

double half_value(std::uint16_t half) {
    const double sign = half >> 15U != 0 ? -1 : 1;
    const int exponent = half >> 10U & 31, mantissa = half & 1023;
    if (exponent == 31) return mantissa != 0 ? std::nan("") : sign * INFINITY;
    return exponent == 0 ? sign * std::ldexp(mantissa, -24)
                         : sign * std::ldexp(1024 + mantissa, exponent - 25);
}

double stored_value(WeightType type, const std::byte* row, std::int64_t col) {
    switch (type) {
        case WeightType::f32: {
            float value = 0;
            std::memcpy(&value, row + 4 * col, sizeof value);
            return value;
        }
        case WeightType::f16:
            return half_value(u16_at(row + 2 * col));
        case WeightType::bf16:
            return bfloat_value(u16_at(row + 2 * col));
        case WeightType::q8_0: {
            const std::byte* const block = row + col / 32 * 34;
            return half_value(u16_at(block)) * static_cast<std::int8_t>(block[2 + col % 32]);
        }
        case WeightType::q4_1: {
            const std::byte* const block = row + col / 32 * 20;
            return half_value(u16_at(block)) * nibble_at(block + 4, col) + half_value(u16_at(block + 2));
        }
        case WeightType::i8_channel:
            return half_value(u16_at(row)) * static_cast<std::int8_t>(row[2 + col]);
        case WeightType::e4m3_channel:
            return half_value(u16_at(row)) * e4m3_value(row[2 + col]);
        case WeightType::q4_0:
        case WeightType::i4_g32:
            return int4_value(row, 32, col);
        case WeightType::i4_g64:
            return int4_value(row, 64, col);
        case WeightType::i4_g128:
            return int4_value(row, 128, col);
        case WeightType::sparse_f32:
        case WeightType::sparse_f16:
        case WeightType::sparse_bf16:
            break;  // test_sparse.cpp
    }
    return 0;
}

std::vector<std::byte> random_rows(WeightType type, std::int64_t rows, std::int64_t cols,
                                   std::int64_t row_bytes, std::uint32_t seed) {
    std::mt19937 engine(seed);
    const auto random = [&engine] { return static_cast<std::uint32_t>(engine()); };
    std::vector<std::byte> data(static_cast<std::size_t>(rows * row_bytes));
    for (std::byte& b : data) b = static_cast<std::byte>(random() & 255U);
    const std::uint32_t step = bytes_of_row(type, 128) > 100 ? 8 : 11;  // 2^-7 or 2^-4: int8 or int4
    for (std::int64_t r = 0; r < rows; ++r) {
        std::byte* const row = data.data() + r * row_bytes;
        for (std::int64_t c = 0; is_floating(type) && c < cols; ++c)
            put_float(type, row, c, random() & 1U, random() % 4, random());
        // NaN is never stored.
        for (std::int64_t c = 0; type == WeightType::e4m3_channel && c < cols; ++c) {
            if ((row[2 + c] & std::byte{0x7F}) == std::byte{0x7F}) row[2 + c] = std::byte{0x7E};
        }
        for (const std::int64_t at : scale_offsets(type, cols))
            put_half(row + at, (random() & 1U) << 15U | (step + random() % 2) << 10U | (random() & 0x3FFU));
    }
    return data;
}

std::vector<float> random_floats(std::int64_t count, std::uint32_t seed, float scale) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal(0.0F, scale);
    std::vector<float> values(static_cast<std::size_t>(count));
    for (float& v : values) v = normal(random);
    return values;
}

}  // namespace hone::kernels
