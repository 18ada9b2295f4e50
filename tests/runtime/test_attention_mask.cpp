// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <set>

#include "engine/runtime/attention_mask.h"

namespace hone {
namespace {

std::set<std::int64_t> positions(const kernels::MaskRow& row) {
    std::set<std::int64_t> all;
    for (std::int64_t p = 0; p < row.sinks; ++p) all.insert(p);
    for (std::int64_t p = row.begin; p < row.end; ++p) all.insert(p);
    return all;
}

TEST(AttentionMask, AttendsWhatItsDefinitionSays) {
    for (const std::int64_t window : {1, 2, 5, 100}) {
        for (const std::int64_t sinks : {0, 1, 4}) {
            const AttentionMask mask{AttentionMask::Kind::window, window, sinks};
            for (std::int64_t query = 0; query < 12; ++query) {
                std::set<std::int64_t> expected;
                for (std::int64_t key = 0; key <= query; ++key) {
                    if (key > query - window || key < sinks) expected.insert(key);
                }
                const kernels::MaskRow row = mask_row(mask, query);
                EXPECT_EQ(positions(row), expected) << window << ' ' << sinks << ' ' << query;
                EXPECT_EQ(attended(row), std::ssize(expected)) << "the two parts overlap";
            }
        }
    }
}

TEST(AttentionMask, AWindowThatReachesTheStartIsTheDenseRow) {
    const kernels::MaskRow dense = mask_row({}, 9);
    const kernels::MaskRow wide = mask_row({AttentionMask::Kind::window, 10, 4}, 9);
    EXPECT_EQ(dense.sinks, wide.sinks);
    EXPECT_EQ(dense.begin, wide.begin);
    EXPECT_EQ(dense.end, wide.end);
    EXPECT_EQ(attended(dense), 10);
}

}  // namespace
}  // namespace hone
