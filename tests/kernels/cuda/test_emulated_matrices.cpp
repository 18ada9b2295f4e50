// SPDX-License-Identifier: Apache-2.0
// What a warp does with matrices, emulated: it computes what the documented layouts say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "kernels/cuda/machine.h"
#include "tests/kernels/cuda/emulation_error.h"

namespace hone::cuda {
namespace {

using testing::HasSubstr;

// Matrix m holds 64m + 8 · row + column.
TEST(CudaEmulatedMatrices, LoadsMatricesAsFragments) {
    emulation::run({{1}, 64}, [] {
        HONE_SHARED(std::uint16_t, values, 256);
        for (std::uint32_t i = thread_index(); i < 256; i += block_threads())
            values[i] = static_cast<std::uint16_t>(i);
        sync_block();
        const std::int64_t lane = lane_index();
        const std::uint32_t g = lane_index() / 4, t = lane_index() % 4;
        const auto pair = [](std::uint32_t low, std::uint32_t high) { return low | high << 16; };
        std::uint32_t r[4], transposed[4];
        load_matrices(r, values, 8 * lane);
        load_matrices_transposed(transposed, values, 8 * lane);
        for (std::uint32_t m = 0; m < 4; ++m) {
            ASSERT_EQ(r[m], pair(64 * m + 8 * g + 2 * t, 64 * m + 8 * g + 2 * t + 1));
            ASSERT_EQ(transposed[m], pair(64 * m + 16 * t + g, 64 * m + 16 * t + 8 + g));
        }
        load_matrices(r, values, 8 * (31 - lane));  // rows lie wherever their lanes say
        for (std::uint32_t m = 0; m < 4; ++m)
            ASSERT_EQ(r[m] & 0xFFFFU, 8 * (31 - 8 * m - g) + 2 * t);
    });
}

TEST(CudaEmulatedMatrices, FindsMatricesThatAreNotThere) {
    const auto load_after = [](std::int64_t written, bool barrier, std::int64_t first) {
        return [=] {
            HONE_SHARED(std::uint16_t, values, 256);
            const std::int64_t row = std::int64_t{8} * lane_index();
            for (std::int64_t i = row; i < std::min(row + 8, written); ++i) values[i] = 0;
            if (barrier) sync_warp();
            std::uint32_t r[4];
            load_matrices(r, values, first + row);
        };
    };
    EXPECT_EQ(error_of({{1}, 32}, load_after(256, true, 0)), "");
    EXPECT_THAT(error_of({{1}, 32}, load_after(255, true, 0)), HasSubstr("nobody wrote"));
    EXPECT_THAT(error_of({{1}, 32}, load_after(256, false, 0)),
                HasSubstr("without a barrier between"));
    EXPECT_THAT(error_of({{1}, 32}, load_after(256, true, 8)),
                HasSubstr("thread 31: shared memory: element 256"));
    EXPECT_THAT(error_of({{1}, 32}, load_after(256, true, -256)),
                HasSubstr("shared memory: element -8"));
    EXPECT_THAT(error_of({{1}, 32},
                         [] {
                             HONE_SHARED(std::uint16_t, values, 512);
                             std::uint32_t r[4];
                             load_matrices_transposed(r, values,
                                                      std::int64_t{8} * lane_index() + 4);
                         }),
                HasSubstr("not aligned"));
    EXPECT_THAT(error_of({{1}, 32},
                         [] {
                             HONE_SHARED(std::uint16_t, values, 256);
                             const std::int64_t row = std::int64_t{8} * lane_index();
                             for (std::int64_t i = row; i < row + 8; ++i) values[i] = 0;
                             sync_warp();
                             std::uint32_t r[4];
                             load_matrices_transposed(r, values, row);
                             values[row] = 1;  // another lane may not have read it yet
                         }),
                HasSubstr("without a barrier between"));
}

// Fragments filled as machine.h documents them multiply to the matrices' product.
TEST(CudaEmulatedMatrices, MultipliesFragments) {
    std::mt19937 random(3);
    std::uniform_int_distribution<int> value(-7, 7);
    int a[16][32], b[32][8];
    for (auto& row : a) {
        for (int& element : row) element = value(random);
    }
    for (auto& row : b) {
        for (int& element : row) element = value(random);
    }
    const auto expected = [&](std::uint32_t row, std::uint32_t col, int inner) {
        int sum = 0;
        for (int k = 0; k < inner; ++k) sum += a[row][k] * b[k][col];
        return sum;
    };
    const auto bf16 = [](int number) {
        return static_cast<std::uint32_t>(to_bf16(static_cast<float>(number)).bits);
    };
    const auto f16 = [](int number) {
        return static_cast<std::uint32_t>(to_f16(static_cast<float>(number)).bits);
    };
    const auto s8 = [](int number) {
        return static_cast<std::uint32_t>(static_cast<std::uint8_t>(number));
    };
    const auto e4m3 = [](int number) {
        return static_cast<std::uint32_t>(to_e4m3(static_cast<float>(number)).bits);
    };
    emulation::run({{1}, 32}, [&] {
        const std::uint32_t g = lane_index() / 4, t = lane_index() % 4;
        const auto check = [&](const auto& d, int inner) {
            ASSERT_EQ(d[0], 1 + expected(g, 2 * t, inner));
            ASSERT_EQ(d[1], 1 + expected(g, 2 * t + 1, inner));
            ASSERT_EQ(d[2], 1 + expected(g + 8, 2 * t, inner));
            ASSERT_EQ(d[3], 1 + expected(g + 8, 2 * t + 1, inner));
        };
        const auto halves = [&](auto code, auto multiply) {
            const auto two = [&](int low, int high) { return code(low) | code(high) << 16; };
            // NOLINTBEGIN(bugprone-implicit-widening-of-multiplication-result): lanes and columns
            // below 32
            const std::uint32_t fa[4] = {two(a[g][2 * t], a[g][2 * t + 1]),
                                         two(a[g + 8][2 * t], a[g + 8][2 * t + 1]),
                                         two(a[g][2 * t + 8], a[g][2 * t + 9]),
                                         two(a[g + 8][2 * t + 8], a[g + 8][2 * t + 9])};
            const std::uint32_t fb[2] = {two(b[2 * t][g], b[2 * t + 1][g]),
                                         two(b[2 * t + 8][g], b[2 * t + 9][g])};
            // NOLINTEND(bugprone-implicit-widening-of-multiplication-result)
            float d[4] = {1, 1, 1, 1};
            multiply(d, fa, fb);
            check(d, 16);
        };
        halves(bf16, mma_bf16);
        halves(f16, mma_f16);
        const auto bytes = [&](auto code, auto multiply, auto one) {
            const auto four = [&](auto of) {
                return code(of(0)) | code(of(1)) << 8 | code(of(2)) << 16 | code(of(3)) << 24;
            };
            std::uint32_t fa[4], fb[2];
            for (std::uint32_t part = 0; part < 4; ++part)
                fa[part] = four([&](std::uint32_t i) {
                    return a[g + 8 * (part % 2)][4 * t + i + 16 * (part / 2)];
                });
            for (std::uint32_t part = 0; part < 2; ++part)
                fb[part] = four([&](std::uint32_t i) { return b[4 * t + i + 16 * part][g]; });
            decltype(one) d[4] = {one, one, one, one};
            multiply(d, fa, fb);
            check(d, 32);
        };
        bytes(s8, mma_s8, std::int32_t{1});
        bytes(e4m3, mma_e4m3, 1.0F);
    });
}

// Columns 4i + first[i % 3] and 4i + second[i % 3] of a row of A are stored.
TEST(CudaEmulatedMatrices, MultipliesTwoOfFour) {
    constexpr std::uint32_t kFirst[3] = {0, 1, 0}, kSecond[3] = {2, 3, 1};
    const auto stored = [](std::uint32_t row, std::uint32_t i) {
        return static_cast<int>(3 * row + 7 * i) % 11 - 5;
    };
    const auto b = [](std::uint32_t k, std::uint32_t col) {
        return static_cast<int>(5 * k + 2 * col) % 13 - 6;
    };
    const auto place = [&](std::uint32_t row, std::uint32_t i) {
        const std::uint32_t way = (row + i / 2) % 3;
        return i % 2 == 0 ? kFirst[way] : kSecond[way];
    };
    const auto expected = [&](std::uint32_t row, std::uint32_t col) {
        int sum = 0;
        for (std::uint32_t i = 0; i < 16; ++i)
            sum += stored(row, i) * b(4 * (i / 2) + place(row, i), col);
        return static_cast<float>(sum);
    };
    const auto bits = [](int low, int high) {
        return static_cast<std::uint32_t>(to_bf16(static_cast<float>(low)).bits) |
               static_cast<std::uint32_t>(to_bf16(static_cast<float>(high)).bits) << 16;
    };
    const auto multiply = [&](bool in_order) {
        return error_of({{1}, 32}, [&] {
            const std::uint32_t g = lane_index() / 4, t = lane_index() % 4;
            const auto two = [&](std::uint32_t row, std::uint32_t i) {
                return bits(stored(row, i), stored(row, i + 1));
            };
            const std::uint32_t a[4] = {two(g, 2 * t), two(g + 8, 2 * t), two(g, 2 * t + 8),
                                        two(g + 8, 2 * t + 8)};
            std::uint32_t fb[4],
                where = 0xFFFFFFFFU;  // what lanes that are not asked say must not matter
            for (std::uint32_t part = 0; part < 4; ++part)
                fb[part] = bits(b(2 * t + 8 * part, g), b(2 * t + 8 * part + 1, g));
            if (t < 2) {
                where = 0;
                for (std::uint32_t i = 0; i < 8; ++i)
                    where |= place(g, 8 * t + i) << 2 * i | place(g + 8, 8 * t + i) << (16 + 2 * i);
                if (!in_order && lane_index() == 4) where ^= 15U;
            }
            float d[4] = {1, 1, 1, 1};
            mma_sparse_bf16(d, a, fb, where);
            if (!in_order) return;
            EXPECT_EQ(d[0], 1 + expected(g, 2 * t));
            EXPECT_EQ(d[1], 1 + expected(g, 2 * t + 1));
            EXPECT_EQ(d[2], 1 + expected(g + 8, 2 * t));
            EXPECT_EQ(d[3], 1 + expected(g + 8, 2 * t + 1));
        });
    };
    EXPECT_EQ(multiply(true), "");
    EXPECT_THAT(multiply(false), HasSubstr("are not in order"));
}

}  // namespace
}  // namespace hone::cuda
