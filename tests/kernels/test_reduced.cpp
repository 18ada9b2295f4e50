// SPDX-License-Identifier: Apache-2.0
// Products in int8 and bfloat16 against plain loops over the same rounded values.
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "kernels/convert/convert.h"
#include "kernels/linear/reduced.h"
#include "tests/kernels/stored_rows.h"

namespace hone::kernels {
namespace {

struct Shape {
    std::int64_t rows, cols, tokens;
};

struct RoundedToken {
    std::vector<double> values;
    double scale = 1;
};

RoundedToken rounded(Arithmetic arithmetic, const float* x, std::int64_t cols) {
    RoundedToken token;
    float most = 0;
    for (std::int64_t i = 0; i < cols; ++i) most = std::max(most, std::abs(x[i]));
    const float inverse = most > 0 ? 127.0F / most : 0.0F;
    for (std::int64_t i = 0; i < cols; ++i) {
        const float value = arithmetic == Arithmetic::i8 ? std::nearbyint(x[i] * inverse)
                                                         : bf16_to_f32(f32_to_bf16(x[i]));
        token.values.push_back(static_cast<double>(value));
    }
    if (arithmetic == Arithmetic::i8) token.scale = static_cast<double>(most / 127.0F);
    return token;
}

double weight(Arithmetic arithmetic, WeightType type, const std::byte* row, std::int64_t col) {
    const double stored = stored_value(type, row, col);
    if (arithmetic == Arithmetic::i8) return stored;
    return static_cast<double>(bf16_to_f32(f32_to_bf16(static_cast<float>(stored))));
}

void check(Arithmetic arithmetic, WeightType type, Isa isa, Shape s, Machine& machine) {
    s.cols = whole_blocks(type, s.cols);
    const std::int64_t row_bytes = bytes_of_row(type, s.cols) + 3, y_stride = s.rows + 5;
    const auto weights = random_rows(type, s.rows, s.cols, row_bytes, 11);
    const std::vector<float> x = random_floats(s.tokens * s.cols, 12);
    std::vector<float> y(static_cast<std::size_t>(s.tokens * y_stride), -77.0F);
    std::vector<std::byte> memory(
        static_cast<std::size_t>(reduced_input_bytes(arithmetic, s.tokens, s.cols, isa)) + 64);
    const auto past = reinterpret_cast<std::uintptr_t>(memory.data()) % 64;
    linear_reduced(
        {type, weights.data(), s.rows, s.cols, row_bytes, x.data(), s.tokens, y.data(), y_stride},
        arithmetic, memory.data() + (64 - past) % 64, machine.on(isa));
    for (std::int64_t t = 0; t < s.tokens; ++t) {
        const RoundedToken token = rounded(arithmetic, x.data() + t * s.cols, s.cols);
        for (std::int64_t r = 0; r < s.rows; ++r) {
            double expected = 0, magnitudes = 0;
            for (std::int64_t c = 0; c < s.cols; ++c) {
                const double product = weight(arithmetic, type, weights.data() + r * row_bytes, c) *
                                       token.values[static_cast<std::size_t>(c)] * token.scale;
                expected += product;
                magnitudes += std::abs(product);
            }
            ASSERT_NEAR(static_cast<double>(y[static_cast<std::size_t>(t * y_stride + r)]),
                        expected, 4e-7 * magnitudes + 1e-30)
                << arithmetic_name(arithmetic) << " " << type_name(type) << " " << isa_name(isa)
                << " rows " << s.rows << " cols " << s.cols << " tokens " << s.tokens << ": row "
                << r << " token " << t;
        }
        for (std::int64_t i = s.rows; i < y_stride; ++i)
            ASSERT_EQ(y[static_cast<std::size_t>(t * y_stride + i)], -77.0F)
                << "wrote between the rows of y";
    }
}

void check_everywhere(Arithmetic arithmetic) {
    Machine machine(2);
    bool any = false;
    for (const Isa isa : available_isas()) {
        if (!has_arithmetic(arithmetic, isa)) continue;
        any = true;
        for (const WeightType type : weight_types()) {
            if (!multiplies(arithmetic, type)) continue;
            for (const std::int64_t tokens : {1, 2, 3, 5, 8, 9, 12, 33}) {
                for (const std::int64_t rows : {1, 5, 47, 49, 97}) {
                    check(arithmetic, type, isa, {rows, 128, tokens}, machine);
                    if (testing::Test::HasFatalFailure()) return;
                }
                check(arithmetic, type, isa, {49, 384, tokens}, machine);
            }
            const std::int64_t step = block_of(type);
            for (std::int64_t cols : {1, 7, 33, 95, 577, 4224}) {
                cols = (cols + step - 1) / step * step;
                for (const std::int64_t tokens : {1, 17}) {
                    check(arithmetic, type, isa, {21, cols, tokens}, machine);
                    if (testing::Test::HasFatalFailure()) return;
                }
            }
        }
    }
    if (!any)
        GTEST_SKIP() << "this processor computes no products in " << arithmetic_name(arithmetic);
}

TEST(Reduced, Int8AgreesWithTheReference) {
    check_everywhere(Arithmetic::i8);
}

TEST(Reduced, Bf16AgreesWithTheReference) {
    check_everywhere(Arithmetic::bf16);
}

TEST(Reduced, ZerosStayZero) {
    for (const Isa isa : available_isas()) {
        if (!has_arithmetic(Arithmetic::i8, isa)) continue;
        Machine machine(1);
        const auto weights = random_rows(WeightType::i8_channel, 4, 64, 66, 1);
        const std::vector<float> x(64);
        std::vector<float> y(4, 1.0F);
        std::vector<std::byte> memory(1024);
        auto* const aligned = reinterpret_cast<std::byte*>(
            (reinterpret_cast<std::uintptr_t>(memory.data()) + 63) / 64 * 64);
        linear_reduced(
            {WeightType::i8_channel, weights.data(), 4, 64, 66, x.data(), 1, y.data(), 4},
            Arithmetic::i8, aligned, machine.on(isa));
        EXPECT_EQ(y, std::vector<float>(4, 0.0F));
    }
}

TEST(Reduced, SaysWhatItCanMultiply) {
    EXPECT_TRUE(multiplies(Arithmetic::i8, WeightType::q8_0));
    EXPECT_FALSE(multiplies(Arithmetic::i8, WeightType::q4_0));
    EXPECT_FALSE(has_arithmetic(Arithmetic::i8, Isa::baseline));
    EXPECT_FALSE(has_arithmetic(Arithmetic::bf16, Isa::avx2));
    for (const Isa isa : available_isas()) {
        for (const Arithmetic arithmetic : {Arithmetic::bf16, Arithmetic::i8})
            EXPECT_EQ(has_arithmetic(arithmetic, isa), !arithmetic_unit(arithmetic, isa).empty());
    }
}

}  // namespace
}  // namespace hone::kernels
