// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "engine/core/dtype.h"

namespace hone {
namespace {

TEST(DType, TableIsIndexedByType) {
    for (std::size_t i = 0; i < kDTypes; ++i)
        EXPECT_EQ(info(static_cast<DType>(i)).type, static_cast<DType>(i));
    EXPECT_EQ(all_dtypes().size() + sparse_dtypes().size(), kDTypes);
    for (const DTypeInfo& row : all_dtypes()) EXPECT_FALSE(row.sparse) << row.id;
    for (const DTypeInfo& row : sparse_dtypes()) EXPECT_TRUE(row.sparse) << row.id;
}

TEST(DType, RowBytesFollowTheBlockLayout) {
    EXPECT_EQ(row_bytes(DType::f32, 576), 576 * 4);
    EXPECT_EQ(row_bytes(DType::q8_0, 576), 18 * 34);
    EXPECT_EQ(row_bytes(DType::q4_0, 576), 18 * 18);
    EXPECT_EQ(row_bytes(DType::q4_1, 576), 18 * 20);
    EXPECT_EQ(row_bytes(DType::i8_channel, 576), 576 + 2);
    EXPECT_EQ(row_bytes(DType::i4_g64, 576), 9 * 34);
}

TEST(DType, RowsMustHoldWholeBlocks) {
    EXPECT_TRUE(row_fits(DType::i4_g64, 576));
    EXPECT_FALSE(row_fits(DType::i4_g128, 576));
    EXPECT_FALSE(row_fits(DType::q8_0, 48 + 1));
    EXPECT_TRUE(row_fits(DType::i8_channel, 7));
    EXPECT_FALSE(row_fits(DType::f32, 0));
}

TEST(DType, EveryTypeHasACarrierThatGgufKnows) {
    for (std::size_t i = 0; i < kDTypes; ++i) {
        const DTypeInfo& row = info(static_cast<DType>(i));
        EXPECT_TRUE(info(row.gguf_carrier).ggml_type.has_value()) << row.id;
    }
}

TEST(DType, LookUpsByIdAndGgmlNumberAgree) {
    EXPECT_EQ(dtype_from_id("bf16"), DType::bf16);
    EXPECT_EQ(dtype_from_ggml(30), DType::bf16);
    EXPECT_FALSE(dtype_from_id("q9_9").has_value());
    EXPECT_FALSE(dtype_from_ggml(4).has_value());
}

}  // namespace
}  // namespace hone
