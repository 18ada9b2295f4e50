// SPDX-License-Identifier: Apache-2.0
// Products of many tokens on tensor cores, emulated, and 2:4 weights in every kernel that takes
// them, against sums in double precision.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "kernels/cuda/numbers.h"
#include "kernels/cuda/ops/product.h"
#include "kernels/cuda/ops/product_tiles.h"
#include "tests/kernels/cuda/packed_matrix.h"

namespace hone::cuda {
namespace {

using kernels::WeightType;

BF16 rounded(float value) {
    return to_bf16(value);
}

std::vector<BF16> random_inputs(std::int64_t count) {
    std::vector<BF16> x;
    for (const float value : kernels::random_floats(count, 3)) x.push_back(rounded(value));
    return x;
}

// What expand_kernel makes of the weights, in bf16: what a product in bf16 multiplies with.
std::vector<BF16> expanded(const Matrix& matrix) {
    DeviceArray<BF16> out(static_cast<std::size_t>(matrix.rows * matrix.cols));
    const ExpandParams<BF16> params{matrix, 0, matrix.rows, out.data()};
    tested_device().launch({KernelId::expand, code(matrix.type), code(PlaneType::bf16)},
                           expand_launch(params), params);
    return out.values();
}

void expect_product(const Matrix& matrix, std::int64_t tokens, int tile) {
    SCOPED_TRACE(std::to_string(matrix.rows) + " rows, " + std::to_string(matrix.cols) +
                 " columns, " + std::to_string(tokens) + " tokens in tiles of " +
                 std::to_string(tile));
    const std::vector<BF16> x = random_inputs(tokens * matrix.cols), w = expanded(matrix);
    const DeviceArray<BF16> inputs(x);
    const std::int64_t stride = matrix.rows + 3;
    DeviceArray<float> y(static_cast<std::size_t>(tokens * stride));
    const ProductTilesParams params{matrix, inputs.data(), y.data(), tokens, stride};
    tested_device().launch(
        {KernelId::product_tiles, code(matrix.type), static_cast<std::uint16_t>(tile)},
        product_tiles_launch(params, tile), params);
    const std::vector<float> is = y.values();
    for (std::int64_t token = 0; token < tokens; ++token) {
        for (std::int64_t row = 0; row < matrix.rows; ++row) {
            double sum = 0, magnitude = 0;
            for (std::int64_t col = 0; col < matrix.cols; ++col) {
                const double product =
                    static_cast<double>(
                        to_float(w[static_cast<std::size_t>(row * matrix.cols + col)])) *
                    static_cast<double>(
                        to_float(x[static_cast<std::size_t>(token * matrix.cols + col)]));
                sum += product;
                magnitude += std::abs(product);
            }
            ASSERT_NEAR(is[static_cast<std::size_t>(token * stride + row)], sum,
                        4e-6 * magnitude + 1e-6)
                << token << " " << row;
        }
        for (std::int64_t past = matrix.rows; past < stride; ++past)
            ASSERT_TRUE(std::isnan(is[static_cast<std::size_t>(token * stride + past)]))
                << "wrote past its rows";
    }
}

class CudaProductTiles : public testing::TestWithParam<WeightType> {};

INSTANTIATE_TEST_SUITE_P(EveryType, CudaProductTiles,
                         testing::Values(WeightType::f16, WeightType::q8_0, WeightType::q4_0,
                                         WeightType::q5_0, WeightType::q5_1, WeightType::q6_k,
                                         WeightType::q4_k, WeightType::q4_1, WeightType::i8_channel,
                                         WeightType::i4_g64, WeightType::e4m3_channel),
                         [](const auto& param) { return kernels::type_name(param.param); });

TEST_P(CudaProductTiles, MultipliesManyTokens) {
    const std::int64_t block = std::max<std::int64_t>(kChunk, kernels::block_of(GetParam()));
    // Rows and tokens that fill no tile, and columns that end within a step.
    const Packed small(GetParam(), 37, 3 * block);
    expect_product(small.matrix, 19, 32);
    const Packed two(GetParam(), 131, kernels::whole_blocks(GetParam(), 128 + block));
    expect_product(two.matrix, 33, 64);
}

TEST(CudaProductTiles, HasTilesOfEverySize) {
    const Packed packed(WeightType::q4_0, 130, 192);
    expect_product(packed.matrix, 33, 32);
    expect_product(packed.matrix, 65, 64);
    expect_product(packed.matrix, 130, 128);
}

TEST(CudaProductTilesLaunch, ChoosesTilesThatKeepTheDeviceBusy) {
    constexpr std::int64_t kProcessors = 132;
    EXPECT_EQ(tile_tokens(4096, 17, kProcessors), 32);
    EXPECT_EQ(tile_tokens(4096, 2048, kProcessors), 128);
    EXPECT_EQ(tile_tokens(14336, 128, kProcessors),
              64);  // 112 blocks of 128 tokens are too few, 224 of 64 are not
    EXPECT_EQ(tile_tokens(4096, 128, kProcessors), 32);
    EXPECT_EQ(tile_tokens(28672, 64, kProcessors), 64);
    EXPECT_EQ(tile_tokens(1024, 512, kProcessors), 32);
    const ProductTilesParams params{{PlaneType::i8, 300, 64, 64}, nullptr, nullptr, 130, 300};
    const Launch launch = product_tiles_launch(params, 64);
    EXPECT_EQ(launch.grid.x, 3u);
    EXPECT_EQ(launch.grid.y, 3u);
    EXPECT_EQ(launch.threads, 256u);
    EXPECT_EQ(launch.shared_bytes, 2u * (128 + 64) * 64 * 2);
    EXPECT_EQ(tile_shared_bytes(PlaneType::bf16_2of4, 128),
              2u * (128 * 64 * 2 + 128 * (32 * 2 + 8)));
    EXPECT_LE(tile_shared_bytes(PlaneType::f16, 128),
              99u * 1024);  // what every architecture from 8.0 on has
}

// Rows with at most two of any four columns, dense and as engine/weights/sparse stores them: a bit
// a column, then what is not zero.
struct SparseRows {
    SparseRows(PlaneType type, std::int64_t rows, std::int64_t cols) {
        std::mt19937 random(5);
        const std::vector<float> values = kernels::random_floats(rows * cols, 11);
        for (std::int64_t row = 0; row < rows; ++row) {
            std::vector<std::uint32_t> masks(static_cast<std::size_t>((cols + 31) / 32));
            std::vector<std::uint16_t> kept;
            for (std::int64_t col = 0; col < cols; ++col) {
                const std::int64_t group = col / 4 * 4;
                if (col == group)
                    chosen_ = random() % 16;  // 16 ways: among them none, one, and the last alone
                const bool here = kWays[chosen_] >> (col - group) & 1U;
                const float value =
                    here ? values[static_cast<std::size_t>(row * cols + col)] : 0.0F;
                const std::uint16_t bits =
                    type == PlaneType::f16_2of4 ? to_f16(value).bits : to_bf16(value).bits;
                dense.push_back(type == PlaneType::f16_2of4 ? to_float(F16{bits})
                                                            : to_float(BF16{bits}));
                if (!here) continue;
                masks[static_cast<std::size_t>(col / 32)] |= 1U << (col % 32);
                kept.push_back(bits);
            }
            std::vector<std::byte> stored(masks.size() * 4 + kept.size() * 2 + 64);
            std::memcpy(stored.data(), masks.data(), masks.size() * 4);
            std::memcpy(stored.data() + masks.size() * 4, kept.data(), kept.size() * 2);
            sparse.push_back(std::move(stored));
        }
    }
    std::vector<float> dense;
    std::vector<std::vector<std::byte>> sparse;

private:
    static constexpr std::uint32_t kWays[16] = {0b0011, 0b0101, 0b1001, 0b0110, 0b1010, 0b1100,
                                                0b0001, 0b0010, 0b0100, 0b1000, 0b0000, 0b0011,
                                                0b0101, 0b1001, 0b0110, 0b1100};
    std::size_t chosen_ = 0;
};

class CudaTwoOfFour : public testing::TestWithParam<PlaneType> {
protected:
    static WeightType stored() {
        return GetParam() == PlaneType::f16_2of4 ? WeightType::sparse_f16 : WeightType::sparse_bf16;
    }
};

INSTANTIATE_TEST_SUITE_P(EveryType, CudaTwoOfFour,
                         testing::Values(PlaneType::f16_2of4, PlaneType::bf16_2of4),
                         [](const auto& param) {
                             return param.param == PlaneType::f16_2of4 ? "f16" : "bf16";
                         });

TEST_P(CudaTwoOfFour, PacksAndExpandsToTheSameValues) {
    constexpr std::int64_t kRows = 9, kCols = 72;
    const SparseRows rows(GetParam(), kRows, kCols);
    for (const auto& row : rows.sparse) EXPECT_TRUE(two_of_four(row.data(), kCols));
    const Packed packed(stored(), rows.sparse, kCols);
    EXPECT_EQ(packed.matrix.type, GetParam());
    EXPECT_EQ(packed.packing.of(MatrixPlane::values) + packed.packing.of(MatrixPlane::places),
              kCols * 9 / 8);
    DeviceArray<float> out(static_cast<std::size_t>(kRows * kCols));
    const ExpandParams<float> params{packed.matrix, 0, kRows, out.data()};
    tested_device().launch({KernelId::expand, code(GetParam()), code(PlaneType::f32)},
                           expand_launch(params), params);
    EXPECT_EQ(out.values(), rows.dense);
}

TEST_P(CudaTwoOfFour, MultipliesFewTokens) {
    constexpr std::int64_t kRows = 21, kCols = 328, kTokens = 4;
    const SparseRows rows(GetParam(), kRows, kCols);
    const Packed packed(stored(), rows.sparse, kCols);
    const std::vector<float> x = kernels::random_floats(kTokens * kCols, 3);
    const DeviceArray<float> inputs(x);
    DeviceArray<float> y(static_cast<std::size_t>(kTokens * kRows));
    const ProductParams params{{{packed.matrix, y.data(), kRows}}, 1, inputs.data(), kTokens};
    tested_device().launch({KernelId::product, code(GetParam()), kTokens}, product_launch(params),
                           params);
    const std::vector<float> is = y.values();
    for (std::int64_t token = 0; token < kTokens; ++token) {
        for (std::int64_t row = 0; row < kRows; ++row) {
            double sum = 0;
            for (std::int64_t col = 0; col < kCols; ++col)
                sum +=
                    static_cast<double>(rows.dense[static_cast<std::size_t>(row * kCols + col)]) *
                    static_cast<double>(x[static_cast<std::size_t>(token * kCols + col)]);
            ASSERT_NEAR(is[static_cast<std::size_t>(token * kRows + row)], sum, 1e-4)
                << token << " " << row;
        }
    }
}

TEST_P(CudaTwoOfFour, MultipliesManyTokens) {
    const SparseRows rows(GetParam(), 133, 128);
    const Packed packed(stored(), rows.sparse, 128);
    expect_product(packed.matrix, 19, 32);
    expect_product(packed.matrix, 65, 64);
    expect_product(packed.matrix, 67, 128);
}

TEST_P(CudaTwoOfFour, FillsWithTwoOfFour) {
    constexpr std::int64_t kChunks = 64;
    DeviceArray<std::byte> plane(static_cast<std::size_t>(kChunks * chunk_bytes(GetParam())));
    const DeviceArray<std::uint8_t> places(std::vector<std::uint8_t>(kChunks, 0x44));
    const FillParams params{plane.data(), kChunks, 5, 0.02F};
    tested_device().launch({KernelId::fill, code(GetParam())}, flat_launch(params.chunks), params);
    DeviceArray<float> out(kChunks * kChunk);
    const ExpandParams<float> expand{
        {GetParam(), 1, kChunks * kChunk, 0, plane.data(), nullptr, nullptr, places.data()},
        0,
        1,
        out.data()};
    tested_device().launch({KernelId::expand, code(GetParam()), code(PlaneType::f32)},
                           expand_launch(expand), expand);
    const std::vector<float> is = out.values();
    for (std::size_t i = 0; i < is.size(); ++i) {
        if (i % 4 < 2)
            EXPECT_LT(std::abs(is[i]), 0.1F);
        else
            EXPECT_EQ(is[i], 0.0F);
    }
    EXPECT_NE(is[0], 0.0F);
}

TEST(CudaTwoOfFour, KnowsRowsThatAreNot) {
    std::vector<std::byte> row(4 + 32 * 2);
    const std::uint32_t mask = 0b0111'0011;  // three of the second four
    std::memcpy(row.data(), &mask, sizeof mask);
    EXPECT_FALSE(two_of_four(row.data(), 8));
    EXPECT_TRUE(two_of_four(row.data(), 4));
}

}  // namespace
}  // namespace hone::cuda
