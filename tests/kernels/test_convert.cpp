// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "kernels/convert/convert.h"
#include "tests/kernels/stored_rows.h"

namespace hone::kernels {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

float next(float value, float towards) {
    return std::nextafter(value, towards);
}

TEST(Convert, EveryHalfExpandsExactlyAndComesBack) {
    for (std::uint32_t bits = 0; bits <= 0xFFFFU; ++bits) {
        const auto half = static_cast<std::uint16_t>(bits);
        const float value = f16_to_f32(half);
        if (std::isnan(half_value(half))) {
            ASSERT_TRUE(std::isnan(value)) << bits;
            ASSERT_TRUE(std::isnan(f16_to_f32(f32_to_f16(value)))) << bits;
            continue;
        }
        ASSERT_EQ(static_cast<double>(value), half_value(half)) << bits;
        ASSERT_EQ(std::signbit(value), bits >> 15U != 0) << bits;
        ASSERT_EQ(f32_to_f16(value), half) << bits;
    }
}

// The midpoint of two neighbours goes to the even one, a hair to either side of it to the nearer
// one.
TEST(Convert, HalvesRoundToNearestEven) {
    for (std::uint16_t half = 0; half < 0x7C00U; ++half) {
        const auto above = static_cast<std::uint16_t>(half + 1);
        const double high = above == 0x7C00U ? 65536.0 : half_value(above);
        const auto middle = static_cast<float>((half_value(half) + high) / 2);
        const std::uint16_t even = half % 2 == 0 ? half : above;
        ASSERT_EQ(f32_to_f16(middle), even) << half;
        ASSERT_EQ(f32_to_f16(-middle), even | 0x8000U) << half;
        ASSERT_EQ(f32_to_f16(next(middle, 0.0F)), half) << half;
        ASSERT_EQ(f32_to_f16(next(middle, kInfinity)), above) << half;
    }
    EXPECT_EQ(f32_to_f16(std::numeric_limits<float>::max()), 0x7C00U);
    EXPECT_EQ(f32_to_f16(std::numeric_limits<float>::denorm_min()), 0U);
}

TEST(Convert, BfloatsRoundToNearestEven) {
    for (std::uint32_t bits = 0; bits < 0x7F80U; ++bits) {
        const auto low = static_cast<std::uint16_t>(bits),
                   high = static_cast<std::uint16_t>(bits + 1);
        const auto middle = std::bit_cast<float>(bits << 16U | 0x8000U);
        ASSERT_EQ(f32_to_bf16(bf16_to_f32(low)), low);
        ASSERT_EQ(f32_to_bf16(middle), bits % 2 == 0 ? low : high) << bits;
        ASSERT_EQ(f32_to_bf16(-middle), (bits % 2 == 0 ? low : high) | 0x8000U) << bits;
        ASSERT_EQ(f32_to_bf16(next(middle, 0.0F)), low) << bits;
        ASSERT_EQ(f32_to_bf16(next(middle, kInfinity)), high) << bits;
    }
    EXPECT_TRUE(std::isnan(bf16_to_f32(f32_to_bf16(std::bit_cast<float>(0x7F800001U)))));
}

// Against the definition: the nearest of all 253 numbers, the one with an even code of two that are
// as near.
TEST(Convert, Fp8RoundsToNearestEven) {
    const auto value_of = [](unsigned code) {
        std::vector<std::byte> row(3);
        const std::uint16_t one = 0x3C00;
        std::memcpy(row.data(), &one, sizeof one);
        row[2] = static_cast<std::byte>(code);
        return stored_value(WeightType::e4m3_channel, row.data(), 0);
    };
    for (unsigned code = 0; code < 0x7E; ++code) {
        const double low = value_of(code), high = value_of(code + 1);
        const auto middle = static_cast<float>((low + high) / 2);
        EXPECT_EQ(f32_to_e4m3(static_cast<float>(low)), code);
        EXPECT_EQ(f32_to_e4m3(static_cast<float>(-high)), (code + 1) | 0x80U);
        EXPECT_EQ(f32_to_e4m3(middle), code % 2 == 0 ? code : code + 1);
        EXPECT_EQ(f32_to_e4m3(std::nextafter(middle, 0.0F)), code);
        EXPECT_EQ(f32_to_e4m3(std::nextafter(middle, 500.0F)), code + 1);
    }
    EXPECT_EQ(f32_to_e4m3(448.0F), 0x7E);
    EXPECT_EQ(f32_to_e4m3(-1e30F), 0xFE);
    EXPECT_EQ(f32_to_e4m3(std::nanf("")) & 0x7F, 0x7F);
}

TEST(Convert, RowsExpandToTheSameBitsOnEveryInstructionSet) {
    for (const WeightType type : weight_types()) {
        for (std::int64_t cols : {1, 5, 31, 33, 128, 577, 640}) {
            cols = (cols + block_of(type) - 1) / block_of(type) * block_of(type);
            const auto row = random_rows(type, 1, cols, bytes_of_row(type, cols), 7);
            std::vector<float> first;
            for (const Isa isa : available_isas()) {
                // One guard value behind the row: nothing may be written there.
                std::vector<float> out(static_cast<std::size_t>(cols) + 1, -77.0F);
                expand_row(type, row.data(), out.data(), cols, isa);
                for (std::int64_t c = 0; c < cols; ++c) {
                    const auto expected = static_cast<float>(stored_value(type, row.data(), c));
                    ASSERT_EQ(std::bit_cast<std::uint32_t>(out[static_cast<std::size_t>(c)] + 0.0F),
                              std::bit_cast<std::uint32_t>(expected + 0.0F))
                        << type_name(type) << " " << isa_name(isa) << " column " << c << " of "
                        << cols;
                }
                ASSERT_EQ(out.back(), -77.0F) << type_name(type);
                if (first.empty()) first = out;
                ASSERT_EQ(std::memcmp(first.data(), out.data(), out.size() * sizeof(float)), 0)
                    << type_name(type) << " " << isa_name(isa);
            }
        }
    }
}

// Weights lie in mapped files at any address.
TEST(Convert, RowsNeedNoAlignment) {
    for (const WeightType type : weight_types()) {
        const std::int64_t cols = 256, bytes = bytes_of_row(type, cols);
        const auto row = random_rows(type, 1, cols, bytes, 8);
        std::vector<std::byte> shifted(static_cast<std::size_t>(bytes) + 1);
        std::memcpy(shifted.data() + 1, row.data(), static_cast<std::size_t>(bytes));
        for (const Isa isa : available_isas()) {
            std::vector<float> aligned(static_cast<std::size_t>(cols)), other(aligned);
            expand_row(type, row.data(), aligned.data(), cols, isa);
            expand_row(type, shifted.data() + 1, other.data(), cols, isa);
            EXPECT_EQ(aligned, other) << type_name(type) << " " << isa_name(isa);
        }
    }
}

}  // namespace
}  // namespace hone::kernels
