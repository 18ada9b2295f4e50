// SPDX-License-Identifier: Apache-2.0
// Packing, expanding and multiplying weights on a device, emulated, against the CPU kernels and
// plain sums in double precision.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <deque>
#include <vector>

#include "kernels/convert/convert.h"
#include "kernels/cuda/numbers.h"
#include "kernels/cuda/ops/elementwise.h"
#include "kernels/cuda/ops/product.h"
#include "tests/kernels/cuda/packed_matrix.h"
#include "tests/kernels/stored_rows.h"

namespace hone::cuda {
namespace {

using kernels::WeightType;

class CudaProduct : public testing::TestWithParam<WeightType> {};

INSTANTIATE_TEST_SUITE_P(EveryType, CudaProduct, testing::ValuesIn(kernels::weight_types()),
                         [](const auto& param) { return kernels::type_name(param.param); });

std::int64_t cols_of(WeightType type, std::int64_t blocks) {
    return blocks * std::max<std::int64_t>(kChunk, kernels::block_of(type));
}

TEST_P(CudaProduct, ExpandsToTheCpusBits) {
    constexpr std::int64_t kRows = 5;
    const std::int64_t cols = cols_of(GetParam(), 3);
    const Packed packed(GetParam(), kRows, cols);
    DeviceArray<float> out(static_cast<std::size_t>((kRows - 1) * cols));
    const ExpandParams<float> params{packed.matrix, 1, kRows - 1, out.data()};
    tested_device().launch({KernelId::expand, code(packed.matrix.type), code(PlaneType::f32)},
                           expand_launch(params), params);
    std::vector<float> expected(static_cast<std::size_t>(cols));
    const std::vector<float> is = out.values();
    for (std::int64_t row = 1; row < kRows; ++row) {
        kernels::expand_row(GetParam(), packed.stored.data() + row * packed.row_bytes,
                            expected.data(), cols, kernels::Isa::baseline);
        for (std::int64_t col = 0; col < cols; ++col)
            ASSERT_EQ(is[static_cast<std::size_t>((row - 1) * cols + col)],
                      expected[static_cast<std::size_t>(col)])
                << row << " " << col;
    }
}

// Rows of the matrix in any order, some of them twice.
TEST_P(CudaProduct, EmbedsTheCpusBits) {
    constexpr std::int64_t kRows = 7;
    const std::vector<std::int32_t> tokens{6, 0, 3, 3, 5};
    for (const std::int64_t blocks : {1, 3, 131}) {  // fewer chunks than threads, and more
        const std::int64_t cols = cols_of(GetParam(), blocks);
        const Packed packed(GetParam(), kRows, cols);
        const DeviceArray<std::int32_t> device_tokens(tokens);
        DeviceArray<float> x(tokens.size() * static_cast<std::size_t>(cols));
        const EmbedParams params{packed.matrix, device_tokens.data(), x.data(), std::ssize(tokens)};
        tested_device().launch({KernelId::embed, code(packed.matrix.type)}, embed_launch(params),
                               params);
        const std::vector<float> is = x.values();
        std::vector<float> expected(static_cast<std::size_t>(cols));
        for (std::size_t row = 0; row < tokens.size(); ++row) {
            kernels::expand_row(GetParam(), packed.stored.data() + tokens[row] * packed.row_bytes,
                                expected.data(), cols, kernels::Isa::baseline);
            for (std::size_t col = 0; col < expected.size(); ++col)
                ASSERT_EQ(is[row * expected.size() + col], expected[col])
                    << cols << ' ' << row << ' ' << col;
        }
    }
}

TEST_P(CudaProduct, MultipliesFewTokens) {
    for (const std::int64_t blocks : {1, 3, 13}) {
        const std::int64_t cols = cols_of(GetParam(), blocks), rows = 37;
        const Packed packed(GetParam(), rows, cols);
        for (const std::int64_t tokens : {1, 2, 4, 8}) {
            SCOPED_TRACE(std::to_string(cols) + " columns, " + std::to_string(tokens) + " tokens");
            const std::vector<float> x = kernels::random_floats(tokens * cols, 3);
            const DeviceArray<float> inputs(x);
            const std::int64_t stride = rows + 2;
            DeviceArray<float> y(static_cast<std::size_t>(tokens * stride));
            ProductParams params{{{packed.matrix, y.data(), stride}}, 1, inputs.data(), tokens};
            const auto multiply = [&] {
                tested_device().launch({KernelId::product, code(packed.matrix.type),
                                        static_cast<std::uint16_t>(tokens)},
                                       product_launch(params), params);
            };
            multiply();
            params.into = ProductParams::Into::add;
            multiply();
            const std::vector<float> is = y.values();
            for (std::int64_t token = 0; token < tokens; ++token) {
                for (std::int64_t row = 0; row < rows; ++row) {
                    double sum = 0, magnitude = 0;
                    for (std::int64_t col = 0; col < cols; ++col) {
                        const double product =
                            kernels::stored_value(
                                GetParam(), packed.stored.data() + row * packed.row_bytes, col) *
                            static_cast<double>(x[static_cast<std::size_t>(token * cols + col)]);
                        sum += product;
                        magnitude += std::abs(product);
                    }
                    ASSERT_NEAR(is[static_cast<std::size_t>(token * stride + row)], 2 * sum,
                                4e-6 * magnitude + 1e-6)
                        << token << " " << row;
                }
            }
        }
    }
}

// Matrices of unequal heights in one launch, and two of them gated, against launches of their own.
TEST_P(CudaProduct, MultipliesSeveralMatricesTogether) {
    const std::int64_t cols = cols_of(GetParam(), 5), tokens = 2;
    const std::array<Packed, 3> packed{Packed(GetParam(), 37, cols), Packed(GetParam(), 3, cols),
                                       Packed(GetParam(), 16, cols)};
    const DeviceArray<float> x(kernels::random_floats(tokens * cols, 3));
    const auto launch = [&](const ProductParams& params) {
        tested_device().launch(
            {KernelId::product, code(packed[0].matrix.type), static_cast<std::uint16_t>(tokens)},
            product_launch(params), params);
    };
    std::deque<DeviceArray<float>> apart, together;
    ProductParams all{{}, 3, x.data(), tokens};
    for (std::size_t i = 0; i < packed.size(); ++i) {
        const Matrix& matrix = packed[i].matrix;
        apart.emplace_back(static_cast<std::size_t>(tokens * matrix.rows));
        together.emplace_back(static_cast<std::size_t>(tokens * matrix.rows));
        launch({{{matrix, apart[i].data(), matrix.rows}}, 1, x.data(), tokens});
        all.parts[i] = {matrix, together[i].data(), matrix.rows};
    }
    launch(all);
    for (std::size_t i = 0; i < packed.size(); ++i)
        EXPECT_EQ(together[i].values(), apart[i].values()) << i;

    const Packed up(GetParam(), 37, cols, 77);
    DeviceArray<float> ups(static_cast<std::size_t>(tokens * 37)),
        gated(static_cast<std::size_t>(tokens * 37));
    launch({{{up.matrix, ups.data(), 37}}, 1, x.data(), tokens});
    launch({{{packed[0].matrix, gated.data(), 37}, {up.matrix, nullptr, 37}},
            2,
            x.data(),
            tokens,
            ProductParams::Into::gated});
    const std::vector<float> gate = apart[0].values(), multiplied = ups.values(),
                             is = gated.values();
    for (std::size_t i = 0; i < is.size(); ++i) {
        const double value = static_cast<double>(gate[i]);
        EXPECT_NEAR(is[i], value / (1 + std::exp(-value)) * static_cast<double>(multiplied[i]),
                    1e-5 * (1 + std::abs(value)))
            << i;
    }
}

TEST(CudaPacking, RefusesWhatHasNoWholeChunks) {
    EXPECT_FALSE(packing_of(WeightType::bf16, 20).has_value());
    EXPECT_FALSE(packing_of(WeightType::sparse_f32, 64).has_value());
    EXPECT_FALSE(packing_of(WeightType::i4_g128, 192).has_value());
    EXPECT_EQ(packing_of(WeightType::i8_channel, 24)->group, 24);
}

// Two blocks' inputs and registers fit a multiprocessor, whatever the matrix's width.
TEST(CudaProductLaunch, StagesSoMuchOfTheInputsThatTwoBlocksFit) {
    constexpr std::int64_t kHopper = std::int64_t{227} * 1024;
    for (const std::int64_t cols : {8, 576, 4096, 14336, 28672, 131072}) {
        for (const std::int64_t tokens : {1, 2, 4, 8}) {
            const ProductParams params{{{{PlaneType::bf16, 4096, cols}}}, 1, nullptr, tokens};
            const std::int64_t bytes = product_launch(params).shared_bytes;
            EXPECT_LE(2 * (bytes + 1024), kHopper) << cols << ' ' << tokens;
            EXPECT_LE(bytes, tokens * cols * 4);
            EXPECT_GT(bytes, 0);
        }
    }
    EXPECT_EQ(product_tokens(100), 8);
    EXPECT_EQ(product_tokens(7), 4);
    EXPECT_EQ(product_tokens(3), 2);
    EXPECT_EQ(product_tokens(1), 1);
}

// Rows that are wider than what a block has in shared memory at a time: whole panels of it, and a
// part of one.
TEST_P(CudaProduct, MultipliesRowsThatAreWiderThanAPanel) {
    const std::int64_t block = std::max<std::int64_t>(kChunk, kernels::block_of(GetParam())),
                       rows = 5;
    for (const std::int64_t tokens : {2, 8}) {
        for (const std::int64_t over : {std::int64_t{0}, block, 20 * block}) {
            const std::int64_t cols = 2 * product_panel(tokens) / block * block + over;
            const Packed packed(GetParam(), rows, cols);
            const std::vector<float> x = kernels::random_floats(tokens * cols, 3);
            const DeviceArray<float> inputs(x);
            DeviceArray<float> y(static_cast<std::size_t>(tokens * rows));
            const ProductParams params{{{packed.matrix, y.data(), rows}}, 1, inputs.data(), tokens};
            tested_device().launch(
                {KernelId::product, code(packed.matrix.type), static_cast<std::uint16_t>(tokens)},
                product_launch(params), params);
            const std::vector<float> is = y.values();
            for (std::int64_t i = 0; i < tokens * rows; ++i) {
                double sum = 0, magnitude = 0;
                for (std::int64_t col = 0; col < cols; ++col) {
                    const double product =
                        kernels::stored_value(
                            GetParam(), packed.stored.data() + i % rows * packed.row_bytes, col) *
                        static_cast<double>(x[static_cast<std::size_t>(i / rows * cols + col)]);
                    sum += product;
                    magnitude += std::abs(product);
                }
                ASSERT_NEAR(is[static_cast<std::size_t>(i)], sum, 2e-6 * magnitude + 1e-6)
                    << cols << ' ' << i;
            }
        }
    }
}

TEST(CudaQuantize, RoundsEachRowByItsLargest) {
    constexpr std::int64_t kRows = 4, kCols = 300;
    std::vector<float> x = kernels::random_floats(kRows * kCols, 9);
    for (std::int64_t i = 0; i < kCols; ++i) x[static_cast<std::size_t>(2 * kCols + i)] = 0;
    const DeviceArray<float> inputs(x);
    DeviceArray<std::int8_t> q(x.size());
    DeviceArray<float> scales(kRows);
    const QuantizeParams params{inputs.data(), q.data(), scales.data(), kRows, kCols};
    tested_device().launch({KernelId::quantize, code(PlaneType::i8)}, quantize_launch(params),
                           params);
    const std::vector<std::int8_t> quantized = q.values();
    const std::vector<float> scale_of = scales.values();
    for (std::size_t row = 0; row < kRows; ++row) {
        float largest = 0;
        for (std::size_t i = 0; i < kCols; ++i)
            largest = std::max(largest, std::abs(x[row * kCols + i]));
        ASSERT_FLOAT_EQ(scale_of[row], largest / 127);
        for (std::size_t i = 0; i < kCols; ++i)
            ASSERT_NEAR(static_cast<float>(quantized[row * kCols + i]) * scale_of[row],
                        x[row * kCols + i], 0.5001F * largest / 127);
    }
}

TEST(CudaQuantize, RoundsEachRowToFp8) {
    constexpr std::int64_t kRows = 3, kCols = 300;
    const std::vector<float> x = kernels::random_floats(kRows * kCols, 9);
    const DeviceArray<float> inputs(x);
    DeviceArray<E4M3> q(x.size());
    DeviceArray<float> scales(kRows);
    const QuantizeParams params{inputs.data(), q.data(), scales.data(), kRows, kCols};
    tested_device().launch({KernelId::quantize, code(PlaneType::e4m3)}, quantize_launch(params),
                           params);
    const std::vector<E4M3> quantized = q.values();
    const std::vector<float> scale_of = scales.values();
    for (std::size_t row = 0; row < kRows; ++row) {
        float largest = 0;
        for (std::size_t i = 0; i < kCols; ++i)
            largest = std::max(largest, std::abs(x[row * kCols + i]));
        ASSERT_FLOAT_EQ(scale_of[row], largest / 448);
        for (std::size_t i = 0; i < kCols; ++i)
            ASSERT_NEAR(to_float(quantized[row * kCols + i]) * scale_of[row], x[row * kCols + i],
                        std::max(std::abs(x[row * kCols + i]) / 15.9F, largest / 448 / 1023));
    }
}

// To the CPU's bits: ties to even, subnormal halves, and what is too large for a half.
TEST(CudaConvert, RoundsAsTheCpuDoes) {
    std::vector<float> x = kernels::random_floats(777, 13, 100.0F);
    const std::array<float, 14> odd{0.0F,
                                    -0.0F,
                                    1.0F + 0x1p-11F,
                                    1.0F + 3 * 0x1p-11F,
                                    1.0F + 0x1p-8F,
                                    1.0F + 3 * 0x1p-8F,
                                    0x1p-24F,
                                    0x1p-25F,
                                    3 * 0x1p-25F,
                                    65519.0F,
                                    65520.0F,
                                    -1e30F,
                                    INFINITY,
                                    -INFINITY};
    x.insert(x.end(), odd.begin(), odd.end());
    const DeviceArray<float> inputs(x);
    const auto count = std::ssize(x);
    DeviceArray<BF16> bf16(x.size());
    const ConvertParams<BF16> to_bf{inputs.data(), bf16.data(), count};
    tested_device().launch({KernelId::convert, code(PlaneType::bf16)}, convert_launch(to_bf),
                           to_bf);
    DeviceArray<F16> f16(x.size());
    const ConvertParams<F16> to_half{inputs.data(), f16.data(), count};
    tested_device().launch({KernelId::convert, code(PlaneType::f16)}, convert_launch(to_half),
                           to_half);
    const std::vector<BF16> bf16_is = bf16.values();
    const std::vector<F16> f16_is = f16.values();
    for (std::size_t i = 0; i < x.size(); ++i) {
        ASSERT_EQ(bf16_is[i].bits, kernels::f32_to_bf16(x[i])) << x[i];
        ASSERT_EQ(f16_is[i].bits, kernels::f32_to_f16(x[i])) << x[i];
    }
}

// y[token, row] (+)= sums · scale of the token · scale of the row, of sums in int32 and in fp32.
template <typename Sum>
void expect_rescaled(PlaneType type) {
    constexpr std::int64_t kTokens = 3, kRows = 101, kStride = kRows + 6;
    const std::vector<float> random = kernels::random_floats(kTokens * kRows, 15, 100'000.0F),
                             x_scales = kernels::random_floats(kTokens, 16),
                             row_scales = kernels::random_floats(kRows, 17),
                             before = kernels::random_floats(kTokens * kStride, 18);
    std::vector<Sum> sums;
    sums.reserve(random.size());
    for (const float value : random) sums.push_back(static_cast<Sum>(value));
    std::vector<F16> w_scales;
    w_scales.reserve(row_scales.size());
    for (const float value : row_scales) w_scales.push_back({kernels::f32_to_f16(value)});
    const DeviceArray<Sum> device_sums(sums);
    const DeviceArray<float> device_x_scales(x_scales), y(before);
    const DeviceArray<F16> device_w_scales(w_scales);
    for (const bool accumulate :
         {true, false}) {  // the first adds to `before`, the second replaces
        const RescaleParams params{device_sums.data(),
                                   device_x_scales.data(),
                                   device_w_scales.data(),
                                   y.data(),
                                   kTokens,
                                   kRows,
                                   kStride,
                                   accumulate};
        tested_device().launch({KernelId::rescale, code(type)}, rescale_launch(params), params);
        const std::vector<float> is = y.values();
        for (std::size_t token = 0; token < kTokens; ++token) {
            for (std::size_t at = 0; at < kStride; ++at) {
                const std::size_t i = token * kStride + at;
                if (at >= kRows) {  // between the rows nothing is written
                    ASSERT_EQ(is[i], before[i]);
                    continue;
                }
                const double value = static_cast<double>(sums[token * kRows + at]) *
                                     static_cast<double>(x_scales[token]) *
                                     static_cast<double>(kernels::f16_to_f32(w_scales[at].bits));
                const double expected = (accumulate ? static_cast<double>(before[i]) : 0.0) + value;
                ASSERT_NEAR(is[i], expected, 4e-7 * (std::abs(value) + 1)) << token << ' ' << at;
            }
        }
    }
}

TEST(CudaRescale, ScalesSumsOfInt8AndOfFp8) {
    expect_rescaled<std::int32_t>(PlaneType::i8);
    expect_rescaled<float>(PlaneType::e4m3);
}

TEST(CudaFill, MakesTheSameNearlyNormalWeightsAnywhere) {
    constexpr std::int64_t kChunks = 700;
    const auto values = [](PlaneType type, float deviation) {
        DeviceArray<std::byte> plane(static_cast<std::size_t>(kChunks * chunk_bytes(type)));
        const FillParams params{plane.data(), kChunks, 5, deviation};
        tested_device().launch({KernelId::fill, code(type)}, flat_launch(params.chunks), params);
        DeviceArray<float> out(kChunks * kChunk);
        const ExpandParams<float> expand{
            {type, 1, kChunks * kChunk, 0, plane.data(), nullptr, nullptr}, 0, 1, out.data()};
        tested_device().launch({KernelId::expand, code(type), code(PlaneType::f32)},
                               expand_launch(expand), expand);
        return out.values();
    };
    const auto expect_spread = [](const std::vector<float>& of, double middle, double deviation) {
        double sum = 0, squares = 0;
        for (const float value : of) sum += static_cast<double>(value);
        const double mean = sum / static_cast<double>(of.size());
        for (const float value : of) squares += std::pow(static_cast<double>(value) - mean, 2);
        EXPECT_NEAR(mean, middle, 0.05 * deviation);
        EXPECT_NEAR(std::sqrt(squares / static_cast<double>(of.size())), deviation,
                    0.05 * deviation);
    };
    const std::vector<float> exact = values(PlaneType::f32, 0.02F);
    expect_spread(exact, 0, 0.02);
    for (const PlaneType type : {PlaneType::f16, PlaneType::bf16, PlaneType::e4m3}) {
        const std::vector<float> rounded = values(type, 0.02F);
        expect_spread(rounded, 0, 0.02);
        for (std::size_t i = 0; i < exact.size(); ++i)
            ASSERT_NEAR(rounded[i], exact[i], 0.07F * std::abs(exact[i]) + 1e-3F);
    }
    expect_spread(values(PlaneType::i8, 32), 0, 32);
    expect_spread(values(PlaneType::i4, 1), -0.5, 4.6);
}

}  // namespace
}  // namespace hone::cuda
