// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

#include "engine/core/checked.h"

namespace hone {
namespace {

constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();

TEST(Checked, ResultsThatDoNotFitAreEmpty) {
    EXPECT_EQ(checked_add<std::uint64_t>(2, 3), 5U);
    EXPECT_FALSE(checked_add<std::uint64_t>(kMax, 1));
    EXPECT_EQ(checked_mul<std::uint64_t>(1U << 20, 1U << 20), std::uint64_t{1} << 40);
    EXPECT_FALSE(checked_mul<std::uint64_t>(kMax / 2, 3));
}

TEST(Checked, AlignmentDoesNotWrapToZero) {
    EXPECT_EQ(checked_align<std::uint64_t>(33, 32), 64U);
    EXPECT_EQ(checked_align<std::uint64_t>(64, 32), 64U);
    EXPECT_FALSE(checked_align<std::uint64_t>(kMax - 3, 32));
}

}  // namespace
}  // namespace hone
