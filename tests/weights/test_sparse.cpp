// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <random>

#include "engine/weights/sparse.h"
#include "engine/weights/weight_format.h"
#include "kernels/cpu/thread_pool.h"

namespace hone {
namespace {

constexpr std::int64_t kRows = 150, kCols = 577;

class SparseWeights : public testing::TestWithParam<DType> {
protected:
    // So much of it zero; in the first row also what only looks like zero, and what no sum
    // survives.
    StoredTensor tensor_of(double zeros) {
        std::mt19937 random(3);
        std::normal_distribution<float> normal;
        std::bernoulli_distribution is_zero(zeros);
        values_.resize(static_cast<std::size_t>(kRows * kCols));
        for (float& value : values_) value = is_zero(random) ? 0.0F : normal(random);
        values_[1] = -0.0F;
        StoredTensor tensor;
        tensor.name = "a matrix";
        tensor.shape = {kRows, kCols};
        tensor.data = std::as_bytes(std::span(values_));
        return convert_tensor(tensor, GetParam(), context(), {});
    }
    // No conversion makes these, but a file may hold them.
    static void spoil(const StoredTensor& tensor) {
        auto* const row = const_cast<std::byte*>(tensor.row(0));
        const auto put = [row](std::size_t index, auto bits) {
            std::memcpy(row + index * sizeof bits, &bits, sizeof bits);
        };
        const bool wide = tensor.type == DType::f32;
        const auto half = static_cast<std::uint16_t>(tensor.type == DType::f16 ? 0x7C00 : 0x7F80);
        wide ? put(2, std::numeric_limits<float>::infinity()) : put(2, half);
        wide ? put(3, std::numeric_limits<float>::quiet_NaN())
             : put(3, static_cast<std::uint16_t>(half + 1));
    }
    kernels::Context context() { return {kernels::best_isa(), pool_, workspace_}; }

    std::vector<float> values_;
    kernels::ThreadPool pool_{2};
    kernels::Workspace workspace_{2};
};

TEST_P(SparseWeights, HoldTheSameBits) {
    const StoredTensor dense = tensor_of(0.5);
    spoil(dense);
    const auto sparse = without_zeros(dense, context(), {});
    ASSERT_TRUE(sparse);
    EXPECT_EQ(sparse->type, sparse_type(GetParam()));
    EXPECT_EQ(sparse->name, dense.name);
    EXPECT_EQ(sparse->shape, dense.shape);
    const std::vector<float> before = expand_tensor(dense), after = expand_tensor(*sparse);
    EXPECT_EQ(std::memcmp(before.data(), after.data(), before.size() * sizeof(float)), 0);
}

TEST_P(SparseWeights, TakeTheBytesThatWereCounted) {
    const StoredTensor dense = tensor_of(0.5);
    const auto sparse = without_zeros(dense, context(), {});
    ASSERT_TRUE(sparse);
    EXPECT_EQ(std::ssize(sparse->data), sparse->bytes());
    std::int64_t kept = 0;
    for (const float value : expand_tensor(dense))
        kept += value != 0 || std::signbit(value) ? 1 : 0;
    EXPECT_EQ(sparse->zeros, dense.elements() - kept);
    EXPECT_EQ(sparse->bytes(), kRows * (8 + 19 * 4) + kept * row_bytes(GetParam(), 1) + 64);
    StoredTensor planned = dense;
    planned.zeros = sparse->zeros;
    planned.data = {};
    planned.type = planned_without_zeros(planned);
    EXPECT_EQ(planned.type, sparse->type);
    EXPECT_EQ(planned.bytes(), sparse->bytes());
}

TEST_P(SparseWeights, AreNotMadeWhereTheyWouldTakeMore) {
    const StoredTensor dense = tensor_of(0.01);
    EXPECT_FALSE(without_zeros(dense, context(), {}));
    EXPECT_EQ(planned_without_zeros(dense), GetParam());
}

TEST_P(SparseWeights, HeedAStop) {
    std::stop_source stop;
    stop.request_stop();
    EXPECT_THROW(without_zeros(tensor_of(0.5), context(), {{}, stop.get_token()}), Cancelled);
}

TEST_P(SparseWeights, BecomeAnyOtherType) {
    const StoredTensor dense = tensor_of(0.5);
    const StoredTensor back =
        convert_tensor(*without_zeros(dense, context(), {}), GetParam(), context(), {});
    EXPECT_EQ(std::memcmp(back.data.data(), dense.data.data(), dense.data.size()), 0);
}

INSTANTIATE_TEST_SUITE_P(Types, SparseWeights, testing::Values(DType::f32, DType::f16, DType::bf16),
                         [](const auto& type) { return std::string(hone::info(type.param).id); });

TEST(SparseType, IsThatOfTheFloatingTypesOnly) {
    EXPECT_EQ(sparse_type(DType::bf16), DType::sparse_bf16);
    EXPECT_FALSE(sparse_type(DType::q8_0));
    EXPECT_FALSE(sparse_type(DType::sparse_f32));
}

}  // namespace
}  // namespace hone
