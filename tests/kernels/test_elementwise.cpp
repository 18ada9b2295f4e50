// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "kernels/elementwise/elementwise.h"
#include "tests/kernels/stored_rows.h"

namespace hone::kernels {
namespace {

class Elementwise : public testing::TestWithParam<Isa> {
protected:
    Machine machine_{2};
    Context context_ = machine_.on(GetParam());
};
INSTANTIATE_TEST_SUITE_P(EverySet, Elementwise,
                         testing::ValuesIn(available_isas().begin(), available_isas().end()));

TEST_P(Elementwise, RmsNormFollowsItsFormula) {
    for (const std::int64_t n : {1, 3, 16, 47, 576, 577}) {
        for (const std::int64_t tokens : {1, 3, 70}) {
            const std::vector<float> x = random_floats(tokens * n, 1, 3.0F),
                                     weight = random_floats(n, 2);
            std::vector<float> y(x.size());
            rms_norm(x.data(), weight.data(), y.data(), tokens, n, 1e-5F, context_);
            std::vector<float> in_place = x;
            rms_norm(in_place.data(), weight.data(), in_place.data(), tokens, n, 1e-5F, context_);
            EXPECT_EQ(y, in_place);
            for (std::int64_t t = 0; t < tokens; ++t) {
                double squares = 0;
                for (std::int64_t i = 0; i < n; ++i)
                    squares += std::pow(x[static_cast<std::size_t>(t * n + i)], 2);
                const double scale = 1 / std::sqrt(squares / static_cast<double>(n) + 1e-5);
                for (std::int64_t i = 0; i < n; ++i) {
                    const double expected =
                        static_cast<double>(x[static_cast<std::size_t>(t * n + i)]) * scale *
                        static_cast<double>(weight[static_cast<std::size_t>(i)]);
                    ASSERT_NEAR(y[static_cast<std::size_t>(t * n + i)], expected,
                                2e-6 * std::abs(expected))
                        << "n " << n << " token " << t;
                }
            }
        }
    }
}

TEST_P(Elementwise, RopeTurnsPairs) {
    const std::int64_t heads = 3, head_dim = 64, tokens = 4;
    const std::vector<std::int32_t> positions{0, 1, 17, 2047};
    for (const std::int64_t rotary_dim : {64, 20}) {
        for (const bool halves : {false, true}) {
            const std::vector<float> x = random_floats(tokens * heads * head_dim, 4);
            std::vector<float> y = x;
            std::vector<float> frequencies;
            for (std::int64_t i = 0; i < rotary_dim; i += 2)
                frequencies.push_back(static_cast<float>(
                    std::pow(100000.0, -static_cast<double>(i) / static_cast<double>(rotary_dim))));
            const auto rope = halves ? rope_halves : rope_interleaved;
            rope(y.data(), positions.data(), tokens, heads, head_dim, rotary_dim,
                 frequencies.data(), context_);
            for (std::size_t head = 0; head < x.size();
                 head += static_cast<std::size_t>(head_dim)) {
                const std::int32_t position =
                    positions[head / static_cast<std::size_t>(heads * head_dim)];
                for (auto i = static_cast<std::size_t>(rotary_dim);
                     i < static_cast<std::size_t>(head_dim); ++i)
                    ASSERT_EQ(y[head + i], x[head + i]);
                for (std::int64_t pair = 0; pair < rotary_dim / 2; ++pair) {
                    const std::size_t first =
                                          head + static_cast<std::size_t>(halves ? pair : 2 * pair),
                                      second = first + static_cast<std::size_t>(
                                                           halves ? rotary_dim / 2 : 1);
                    const double angle =
                        position * std::pow(100000.0, -2 * static_cast<double>(pair) /
                                                          static_cast<double>(rotary_dim));
                    const double a = x[first], b = x[second];
                    // The angle is fp32: its error grows with the position.
                    const double tolerance = (2e-7 * position + 1e-6) * (std::abs(a) + std::abs(b));
                    ASSERT_NEAR(y[first], a * std::cos(angle) - b * std::sin(angle), tolerance)
                        << "position " << position;
                    ASSERT_NEAR(y[second], a * std::sin(angle) + b * std::cos(angle), tolerance)
                        << "position " << position;
                }
            }
        }
    }
}

TEST_P(Elementwise, SiluIsAccurateOverItsWholeRange) {
    std::vector<float> gate;
    for (double g = -110; g < 110; g += 0.0137) gate.push_back(static_cast<float>(g));
    for (const float g : {0.0F, -0.0F, 1e-30F, -1e-30F, 1e-6F, -1e-6F, 1e4F, -1e4F, 1e30F, -1e30F})
        gate.push_back(g);
    const std::vector<float> up = random_floats(static_cast<std::int64_t>(gate.size()), 6);
    std::vector<float> y(gate.size());
    silu_mul(gate.data(), up.data(), y.data(), static_cast<std::int64_t>(y.size()), context_);
    for (std::size_t i = 0; i < y.size(); ++i) {
        const double g = gate[i], expected = g / (1 + std::exp(-g)) * static_cast<double>(up[i]);
        // Below -87 silu is flushed to zero: 1e-35 is nothing beside any activation.
        ASSERT_NEAR(y[i], expected, 2e-6 * std::abs(expected) + 1e-35) << "silu(" << gate[i] << ")";
    }
    std::vector<float> in_place = gate;
    silu_mul(in_place.data(), up.data(), in_place.data(), static_cast<std::int64_t>(y.size()),
             context_);
    EXPECT_EQ(in_place, y);
}

// NaN is never hidden: a broken model must not look like a bad one.
TEST_P(Elementwise, SiluPassesNanOn) {
    std::vector<float> gate(33, 1.0F);
    gate[5] = gate[32] = std::nanf("");
    const std::vector<float> up(33, 1.0F);
    std::vector<float> y(33);
    silu_mul(gate.data(), up.data(), y.data(), 33, context_);
    EXPECT_TRUE(std::isnan(y[5]));
    EXPECT_TRUE(std::isnan(y[32]));
    EXPECT_FALSE(std::isnan(y[6]));
}

TEST_P(Elementwise, AddAddsEveryElement) {
    for (const std::int64_t count : {1, 15, 16, 17, 100000}) {
        const std::vector<float> x = random_floats(count, 7), before = random_floats(count, 8);
        std::vector<float> y = before;
        add(y.data(), x.data(), count, context_);
        for (std::size_t i = 0; i < y.size(); ++i)
            ASSERT_EQ(y[i], before[i] + x[i]) << count << " " << i;
    }
}

}  // namespace
}  // namespace hone::kernels
