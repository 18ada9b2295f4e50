// SPDX-License-Identifier: Apache-2.0
// Sparse types hold what dense ones hold, so that every product and expansion must give the dense
// one's bits; the dense ones are held against a plain reference in test_linear.cpp and
// test_convert.cpp.
#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>
#include <tuple>

#include "kernels/convert/convert.h"
#include "kernels/linear/linear.h"
#include "tests/kernels/stored_rows.h"

namespace hone::kernels {
namespace {

struct SparseOf {
    WeightType dense, sparse;
    std::size_t width;
};
constexpr SparseOf kSparse[] = {{WeightType::f32, WeightType::sparse_f32, 4},
                                {WeightType::f16, WeightType::sparse_f16, 2},
                                {WeightType::bf16, WeightType::sparse_bf16, 2}};
constexpr std::size_t kPadding = 64;

// The same weights both ways, packed as engine/core/dtype.h says.
struct Matrices {
    std::vector<std::byte> dense, sparse;
    std::vector<std::uint64_t> offsets;
};

Matrices random_matrices(const SparseOf& type, std::int64_t rows, std::int64_t cols, double zeros) {
    std::mt19937 random(5);
    std::bernoulli_distribution is_zero(zeros);
    const std::int64_t row_bytes = bytes_of_row(type.dense, cols);
    Matrices matrices{random_rows(type.dense, rows, cols, row_bytes, 11), {}, {}};
    for (std::int64_t r = 0; r < rows; ++r) {
        matrices.offsets.push_back(matrices.sparse.size());
        std::vector<std::byte> values;
        std::vector<std::uint32_t> masks(static_cast<std::size_t>((cols + 31) / 32));
        for (std::int64_t c = 0; c < cols; ++c) {
            std::byte* const value =
                matrices.dense.data() + r * row_bytes + c * static_cast<std::int64_t>(type.width);
            if (is_zero(random)) {
                std::memset(value, 0, type.width);
                continue;
            }
            masks[static_cast<std::size_t>(c / 32)] |= 1U << (c % 32);
            values.insert(values.end(), value, value + type.width);
        }
        const auto* const mask_bytes = reinterpret_cast<const std::byte*>(masks.data());
        matrices.sparse.insert(matrices.sparse.end(), mask_bytes, mask_bytes + 4 * masks.size());
        matrices.sparse.insert(matrices.sparse.end(), values.begin(), values.end());
    }
    // What a kernel may read but must not use.
    matrices.sparse.insert(matrices.sparse.end(), kPadding, std::byte{0xFF});
    return matrices;
}

using TypeAndIsa = std::tuple<SparseOf, Isa>;
class Sparse : public testing::TestWithParam<TypeAndIsa> {};

std::string case_name(const testing::TestParamInfo<TypeAndIsa>& which) {
    constexpr std::array<const char*, 3> kIds{"baseline", "avx2", "avx512"};
    const auto [type, isa] = which.param;
    return std::string("sparse_") + type_name(type.dense) + "_" +
           kIds[static_cast<std::size_t>(isa)];
}

INSTANTIATE_TEST_SUITE_P(EveryTypeAndSet, Sparse,
                         testing::Combine(testing::ValuesIn(kSparse),
                                          testing::ValuesIn(available_isas().begin(),
                                                            available_isas().end())),
                         case_name);

TEST_P(Sparse, MultipliesToTheBitsOfTheDenseProduct) {
    const auto [type, isa] = GetParam();
    Machine machine(2);
    for (const double zeros : {0.0, 0.3, 0.5, 0.9, 1.0}) {
        for (const std::int64_t cols : {32, 96, 577, 4096 + 128}) {
            constexpr std::int64_t kRows = 53;
            const Matrices matrices = random_matrices(type, kRows, cols, zeros);
            for (const std::int64_t tokens : {1, 2, 3, 4, 7, 8, 9, 33}) {
                const std::vector<float> x = random_floats(tokens * cols, 12);
                std::vector<float> dense(static_cast<std::size_t>(tokens * kRows), -1.0F),
                    sparse(dense.size(), -2.0F);
                const Context context = machine.on(isa);
                linear({type.dense, matrices.dense.data(), kRows, cols,
                        bytes_of_row(type.dense, cols), x.data(), tokens, dense.data(), kRows},
                       context);
                linear({type.sparse, matrices.sparse.data(), kRows, cols, 0, x.data(), tokens,
                        sparse.data(), kRows, matrices.offsets.data()},
                       context);
                ASSERT_EQ(dense, sparse)
                    << "zeros " << zeros << " cols " << cols << " tokens " << tokens;
            }
        }
    }
}

TEST_P(Sparse, ExpandsToWhatWasStored) {
    const auto [type, isa] = GetParam();
    for (const double zeros : {0.0, 0.5, 1.0}) {
        for (const std::int64_t cols : {1, 7, 31, 32, 33, 64, 577}) {
            const Matrices matrices = random_matrices(type, 3, cols, zeros);
            for (std::int64_t r = 0; r < 3; ++r) {
                std::vector<float> values(static_cast<std::size_t>(cols + 1), -77.0F);
                expand_row(type.sparse,
                           matrices.sparse.data() + matrices.offsets[static_cast<std::size_t>(r)],
                           values.data(), cols, isa);
                for (std::int64_t c = 0; c < cols; ++c)
                    ASSERT_EQ(
                        static_cast<double>(values[static_cast<std::size_t>(c)]),
                        stored_value(type.dense,
                                     matrices.dense.data() + r * bytes_of_row(type.dense, cols), c))
                        << "zeros " << zeros << " cols " << cols << " at " << c;
                ASSERT_EQ(values.back(), -77.0F) << "wrote behind the row";
            }
        }
    }
}

}  // namespace
}  // namespace hone::kernels
