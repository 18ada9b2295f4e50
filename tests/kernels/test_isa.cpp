// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>

#include "kernels/cpu/context.h"
#include "kernels/cpu/isa.h"

namespace hone::kernels {
namespace {

TEST(Isa, AvailableSetsAscendFromTheBaselineToTheBest) {
    const auto isas = available_isas();
    ASSERT_FALSE(isas.empty());
    EXPECT_EQ(isas.front(), Isa::baseline);
    EXPECT_EQ(isas.back(), best_isa());
    EXPECT_TRUE(std::ranges::is_sorted(isas));
    EXPECT_EQ(isa_name(Isa::baseline), "x86-64");
    EXPECT_EQ(isa_name(Isa::avx512), "AVX-512");
}

TEST(Isa, FeaturesBeginWithTheBestSet) {
    EXPECT_TRUE(cpu_features().starts_with(isa_name(best_isa())));
}

TEST(Workspace, GrowsAlignedAndCountsItsBytes) {
    Workspace workspace(2);
    EXPECT_EQ(workspace.bytes(), 0);
    std::byte* const first = workspace.get(0, 100);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(first) % 64, 0U);
    std::fill_n(first, 100, std::byte{1});
    EXPECT_EQ(workspace.get(0, 50), first) << "a smaller request reuses the buffer";
    const std::int64_t before = workspace.bytes();
    EXPECT_GE(before, 100);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(workspace.get(1, 1000)) % 64, 0U);
    EXPECT_GE(workspace.bytes(), before + 1000);
}

}  // namespace
}  // namespace hone::kernels
