// SPDX-License-Identifier: Apache-2.0
#include "tests/kernels/stored_rows.h"

#include <algorithm>
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

// Told anew here, and not read from kernels/weights: what is tested is that it says the same.
struct Layout {
    WeightType type;
    const char* name;
    std::int64_t block, bytes;  // a block; bytes a column where the row has one scale
    std::array<std::int64_t, 2> halves = {-1, -1};  // where a block's f16 scale and minimum are
    std::uint32_t exponent =
        0;  // of a scale with which weights are of the order of one, biased as f16's
    bool scales_a_row = false;
};
constexpr std::uint32_t kInt8 = 8, kInt4 = 11, kInt5 = 10;  // 2^-7, 2^-4, 2^-5
constexpr std::array kLayouts{
    Layout{WeightType::f32, "f32", 1, 4},
    Layout{WeightType::f16, "f16", 1, 2},
    Layout{WeightType::bf16, "bf16", 1, 2},
    Layout{WeightType::q8_0, "q8_0", 32, 34, {0, -1}, kInt8},
    Layout{WeightType::q4_0, "q4_0", 32, 18, {0, -1}, kInt4},
    Layout{WeightType::q4_1, "q4_1", 32, 20, {0, 2}, kInt4},
    Layout{WeightType::i8_channel, "i8_channel", 1, 1, {0, -1}, kInt8, true},
    Layout{WeightType::i4_g32, "i4_g32", 32, 18, {0, -1}, kInt4},
    Layout{WeightType::i4_g64, "i4_g64", 64, 34, {0, -1}, kInt4},
    Layout{WeightType::i4_g128, "i4_g128", 128, 66, {0, -1}, kInt4},
    Layout{WeightType::e4m3_channel, "e4m3_channel", 1, 1, {0, -1}, kInt8, true},
    Layout{WeightType::q5_0, "q5_0", 32, 22, {0, -1}, kInt5},
    Layout{WeightType::q5_1, "q5_1", 32, 24, {0, 2}, kInt5},
    Layout{WeightType::q6_k, "q6_k", 256, 210, {208, -1}, 4},
    Layout{WeightType::q4_k, "q4_k", 256, 144, {0, 2}, 6},
};
const Layout& layout_of(WeightType type) {
    return *std::find_if(kLayouts.begin(), kLayouts.end(),
                         [type](const Layout& l) { return l.type == type; });
}

// Bit `col` of 32 that begin at `p`.
int bit_at(const std::byte* p, std::int64_t col) {
    return std::to_integer<int>(p[col / 8]) >> col % 8 & 1;
}

// Where a row of `type` keeps its 16-bit scales, one after the other.
std::vector<std::int64_t> scale_offsets(WeightType type, std::int64_t cols) {
    const Layout& layout = layout_of(type);
    if (layout.scales_a_row) return {0};
    std::vector<std::int64_t> offsets;
    for (std::int64_t b = 0; b < cols / layout.block; ++b) {
        for (const std::int64_t half : layout.halves)
            if (half >= 0) offsets.push_back(b * layout.bytes + half);
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
void put_float(WeightType type, std::byte* row, std::int64_t col, std::uint32_t sign,
               std::uint32_t exponent, std::uint32_t mantissa) {
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

const std::vector<WeightType>& weight_types() {
    static const std::vector<WeightType> kTypes = [] {
        std::vector<WeightType> types;
        for (const WeightFormat& row : kWeightFormats)
            if (!row.sparse) types.push_back(row.type);
        return types;
    }();
    return kTypes;
}

const char* type_name(WeightType type) {
    return layout_of(type).name;
}

std::int64_t block_of(WeightType type) {
    return layout_of(type).block;
}

std::int64_t whole_blocks(WeightType type, std::int64_t cols) {
    const std::int64_t block = block_of(type);
    return (cols + block - 1) / block * block;
}

std::int64_t bytes_of_row(WeightType type, std::int64_t cols) {
    const Layout& layout = layout_of(type);
    return cols / layout.block * layout.bytes + (layout.scales_a_row ? 2 : 0);
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
            return half_value(u16_at(block)) * nibble_at(block + 4, col) +
                   half_value(u16_at(block + 2));
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
        case WeightType::q5_0: {
            const std::byte* const block = row + col / 32 * 22;
            const int q = nibble_at(block + 6, col) + 16 * bit_at(block + 2, col % 32);
            return half_value(u16_at(block)) * (q - 16);
        }
        case WeightType::q5_1: {
            const std::byte* const block = row + col / 32 * 24;
            const int q = nibble_at(block + 8, col) + 16 * bit_at(block + 4, col % 32);
            return half_value(u16_at(block)) * q + half_value(u16_at(block + 2));
        }
        case WeightType::q6_k: {
            const std::byte* const block = row + col / 256 * 210;
            const std::int64_t half = col % 256 / 128, in_half = col % 128, part = in_half / 32,
                               l = col % 32;
            const int lower =
                std::to_integer<int>(block[64 * half + in_half % 64]) >> (in_half / 64 * 4) & 15;
            const int upper = std::to_integer<int>(block[128 + 32 * half + l]) >> (2 * part) & 3;
            const auto scale = static_cast<std::int8_t>(block[192 + 8 * half + in_half / 16]);
            // d·scale is exact in fp32, and the product with q rounded to it once.
            return half_value(u16_at(block + 208)) * scale * (lower + 16 * upper - 32);
        }
        case WeightType::q4_k: {
            const std::byte* const block = row + col / 256 * 144;
            const std::int64_t part = col % 256 / 32;
            const auto six = [&](std::int64_t offset) {  // of a scale: 0; of a minimum: 4
                const auto byte = [&](std::int64_t i) {
                    return std::to_integer<int>(block[4 + i]);
                };
                if (part < 4) return byte(part + offset) & 63;
                return (byte(part + 4) >> offset & 15) | byte(part - 4 + offset) >> 6 << 4;
            };
            const int q =
                std::to_integer<int>(block[16 + part / 2 * 32 + col % 32]) >> part % 2 * 4 & 15;
            return half_value(u16_at(block)) * six(0) * q - half_value(u16_at(block + 2)) * six(4);
        }
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
    const std::uint32_t step = layout_of(type).exponent;
    for (std::int64_t r = 0; r < rows; ++r) {
        std::byte* const row = data.data() + r * row_bytes;
        for (std::int64_t c = 0; is_floating(type) && c < cols; ++c)
            put_float(type, row, c, random() & 1U, random() % 4, random());
        // NaN is never stored.
        for (std::int64_t c = 0; type == WeightType::e4m3_channel && c < cols; ++c) {
            if ((row[2 + c] & std::byte{0x7F}) == std::byte{0x7F}) row[2 + c] = std::byte{0x7E};
        }
        for (const std::int64_t at : scale_offsets(type, cols))
            put_half(row + at,
                     (random() & 1U) << 15U | (step + random() % 2) << 10U | (random() & 0x3FFU));
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
