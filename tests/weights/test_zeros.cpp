// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "engine/weights/weight_format.h"

namespace hone {
namespace {

constexpr std::int64_t kCols = 256;

class EverySymmetricType : public testing::TestWithParam<DType> {};

TEST_P(EverySymmetricType, ZeroesWhatIsMarkedAndNothingElse) {
    const DType type = GetParam();
    ASSERT_TRUE(info(type).exact_zeros);
    std::mt19937 random(11);
    std::normal_distribution<float> normal;
    std::vector<float> source(kCols);
    for (float& value : source) value = normal(random);
    std::vector<std::byte> row(static_cast<std::size_t>(row_bytes(type, kCols)));
    quantize_row(type, source.data(), row.data(), kCols);
    std::vector<float> before(kCols), after(kCols);
    dequantize_row(type, row.data(), before.data(), kCols);
    std::vector<std::uint8_t> mask(kCols);
    for (std::uint8_t& marked : mask) marked = random() % 3 == 0 ? 1 : 0;
    set_zeros(type, row.data(), mask.data(), kCols);
    dequantize_row(type, row.data(), after.data(), kCols);
    for (std::size_t i = 0; i < static_cast<std::size_t>(kCols); ++i)
        EXPECT_EQ(after[i], mask[i] != 0 ? 0.0F : before[i]) << info(type).name << " at " << i;
}

std::vector<DType> symmetric_types() {
    std::vector<DType> types;
    for (const DTypeInfo& type : all_dtypes())
        if (type.exact_zeros) types.push_back(type.type);
    return types;
}

INSTANTIATE_TEST_SUITE_P(Types, EverySymmetricType, testing::ValuesIn(symmetric_types()),
                         [](const auto& type) { return std::string(hone::info(type.param).id); });

TEST(HasExactZero, IsFalseForTheAffineType) {
    EXPECT_FALSE(info(DType::q4_1).exact_zeros);
}

}  // namespace
}  // namespace hone
