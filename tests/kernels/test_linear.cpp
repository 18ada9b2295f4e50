// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <tuple>

#include "kernels/linear/linear.h"
#include "tests/kernels/stored_rows.h"

namespace hone::kernels {
namespace {

struct Shape {
    std::int64_t rows, cols, tokens;
};

// Sums of `cols` products in fp32, in whatever order: the error stays below a few units in the last
// place of the sum of magnitudes.
constexpr double kTolerance = 4e-7;

std::string context_of(WeightType type, Isa isa, const Shape& s) {
    return std::string(type_name(type)) + " " + std::string(isa_name(isa)) + " rows " +
           std::to_string(s.rows) + " cols " + std::to_string(s.cols) + " tokens " +
           std::to_string(s.tokens);
}

void check(WeightType type, Isa isa, Shape s, Machine& machine) {
    s.cols = whole_blocks(type, s.cols);
    const std::int64_t row_bytes = bytes_of_row(type, s.cols) + 3, y_stride = s.rows + 5;
    const auto weights = random_rows(type, s.rows, s.cols, row_bytes, 11);
    const std::vector<float> x = random_floats(s.tokens * s.cols, 12);
    std::vector<float> y(static_cast<std::size_t>(s.tokens * y_stride), -77.0F);
    linear(
        {type, weights.data(), s.rows, s.cols, row_bytes, x.data(), s.tokens, y.data(), y_stride},
        machine.on(isa));
    std::vector<double> row(static_cast<std::size_t>(s.cols));
    for (std::int64_t r = 0; r < s.rows; ++r) {
        for (std::int64_t c = 0; c < s.cols; ++c)
            row[static_cast<std::size_t>(c)] =
                stored_value(type, weights.data() + r * row_bytes, c);
        for (std::int64_t t = 0; t < s.tokens; ++t) {
            double expected = 0, magnitudes = 0;
            for (std::int64_t c = 0; c < s.cols; ++c) {
                const double product =
                    row[static_cast<std::size_t>(c)] *
                    static_cast<double>(x[static_cast<std::size_t>(t * s.cols + c)]);
                expected += product;
                magnitudes += std::abs(product);
            }
            ASSERT_NEAR(static_cast<double>(y[static_cast<std::size_t>(t * y_stride + r)]),
                        expected, kTolerance * magnitudes + 1e-30)
                << context_of(type, isa, s) << " row " << r << " token " << t;
        }
    }
    for (std::int64_t t = 0; t < s.tokens; ++t) {
        for (std::int64_t i = s.rows; i < y_stride; ++i)
            ASSERT_EQ(y[static_cast<std::size_t>(t * y_stride + i)], -77.0F)
                << context_of(type, isa, s) << ": wrote between the rows of y";
    }
}

using TypeAndIsa = std::tuple<WeightType, Isa>;

std::string case_name(const testing::TestParamInfo<TypeAndIsa>& which) {
    constexpr std::array<const char*, 3> kIds{"baseline", "avx2", "avx512"};
    const auto [type, isa] = which.param;
    return std::string(type_name(type)) + "_" + kIds[static_cast<std::size_t>(isa)];
}

class Linear : public testing::TestWithParam<TypeAndIsa> {};
INSTANTIATE_TEST_SUITE_P(EveryTypeAndSet, Linear,
                         testing::Combine(testing::ValuesIn(weight_types()),
                                          testing::ValuesIn(available_isas().begin(),
                                                            available_isas().end())),
                         case_name);

TEST_P(Linear, AgreesWithTheReferenceForOddSizes) {
    const auto [type, isa] = GetParam();
    Machine machine(2);
    for (const std::int64_t tokens : {1, 2, 3, 5, 7, 8, 9, 33}) {
        for (const std::int64_t rows : {1, 5, 47, 49, 97})
            check(type, isa, {rows, 128, tokens}, machine);
        check(type, isa, {49, 384, tokens}, machine);
    }
}

// Types without blocks may have any number of columns.
TEST_P(Linear, TakesAnyColumnsWhereTheTypeDoes) {
    const auto [type, isa] = GetParam();
    Machine machine(3);
    const std::int64_t step = block_of(type);
    for (std::int64_t cols : {1, 7, 33, 95, 577}) {
        cols = (cols + step - 1) / step * step;
        for (const std::int64_t tokens : {1, 3, 17}) check(type, isa, {21, cols, tokens}, machine);
    }
}

// Longer than one packed panel.
TEST_P(Linear, SplitsLongRows) {
    const auto [type, isa] = GetParam();
    Machine machine(2);
    check(type, isa, {17, 4096 + 128, 9}, machine);
    check(type, isa, {17, 4096 + 128, 1}, machine);
}

TEST(LinearThreads, GiveTheSameBitsWhateverTheirNumber) {
    const std::int64_t rows = 211, cols = 256;
    const WeightType type = WeightType::q4_1;
    const auto weights = random_rows(type, rows, cols, bytes_of_row(type, cols), 3);
    for (const Isa isa : available_isas()) {
        for (const std::int64_t tokens : {1, 4, 40}) {
            const std::vector<float> x = random_floats(tokens * cols, 5);
            std::vector<float> first;
            for (const int threads : {1, 2, 5}) {
                Machine machine(threads);
                std::vector<float> y(static_cast<std::size_t>(tokens * rows));
                linear({type, weights.data(), rows, cols, bytes_of_row(type, cols), x.data(),
                        tokens, y.data(), rows},
                       machine.on(isa));
                if (first.empty()) first = y;
                EXPECT_EQ(first, y)
                    << isa_name(isa) << " threads " << threads << " tokens " << tokens;
            }
        }
    }
}

// A prompt must give what its tokens give one by one, to fp32 accuracy (covered above), and
// identical rows within one call identical bits: results may not depend on where in a batch a token
// stands.
TEST(LinearTokens, EqualTokensOfOneCallGiveEqualBits) {
    const std::int64_t rows = 61, cols = 192;
    for (const WeightType type :
         {WeightType::f32, WeightType::bf16, WeightType::q8_0, WeightType::q4_0}) {
        const auto weights = random_rows(type, rows, cols, bytes_of_row(type, cols), 3);
        for (const Isa isa : available_isas()) {
            for (const std::int64_t tokens : {7, 8, 35}) {
                const std::vector<float> one = random_floats(cols, 5);
                std::vector<float> x;
                for (std::int64_t t = 0; t < tokens; ++t) x.insert(x.end(), one.begin(), one.end());
                std::vector<float> y(static_cast<std::size_t>(tokens * rows));
                Machine machine(2);
                linear({type, weights.data(), rows, cols, bytes_of_row(type, cols), x.data(),
                        tokens, y.data(), rows},
                       machine.on(isa));
                for (std::int64_t t = 1; t < tokens; ++t) {
                    for (std::int64_t r = 0; r < rows; ++r)
                        ASSERT_EQ(y[static_cast<std::size_t>(t * rows + r)],
                                  y[static_cast<std::size_t>(r)])
                            << type_name(type) << " " << isa_name(isa) << " token " << t << " of "
                            << tokens;
                }
            }
        }
    }
}

}  // namespace
}  // namespace hone::kernels
