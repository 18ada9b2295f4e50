// SPDX-License-Identifier: Apache-2.0
// The emulation finds what a GPU would hide or punish, and computes what the documented layouts
// say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "kernels/cuda/machine.h"
#include "tests/kernels/cuda/emulation_error.h"

namespace hone::cuda {
namespace {

using emulation::EmulationError;
using testing::HasSubstr;

TEST(CudaEmulation, RunsEveryThreadOfEveryBlock) {
    std::vector<int> seen(std::size_t{2} * 3 * 4 * 64);
    emulation::run({{2, 3, 4}, 64}, [&] {
        const Dim3 at = block_index();
        ++seen[((at.z * 3 + at.y) * 2 + at.x) * 64 + thread_index()];
    });
    for (const int times : seen) ASSERT_EQ(times, 1);
}

// In any order each block and each thread runs once, and the order is another one.
TEST(CudaEmulation, RunsBlocksAndThreadsInOtherOrdersToo) {
    const Launch launch{{3, 4, 2}, 96};
    const auto order_of = [&](std::uint32_t order) {
        std::vector<std::uint32_t> blocks, threads;
        emulation::run(
            launch,
            [&] {
                const Dim3 at = block_index();
                if (thread_index() == 0) blocks.push_back((at.z * 4 + at.y) * 3 + at.x);
                if (at.x + at.y + at.z == 0) threads.push_back(thread_index());
            },
            order);
        return std::pair{blocks, threads};
    };
    const auto [blocks, threads] = order_of(0);
    EXPECT_TRUE(std::is_sorted(blocks.begin(), blocks.end()));
    EXPECT_TRUE(std::is_sorted(threads.begin(), threads.end()));
    std::set<std::vector<std::uint32_t>> orders;
    for (std::uint32_t order = 1; order <= 20; ++order) {
        auto [other, turns] = order_of(order);
        orders.insert(other);
        EXPECT_NE(turns, threads);
        std::sort(other.begin(), other.end());
        std::sort(turns.begin(), turns.end());
        EXPECT_EQ(other, blocks);
        EXPECT_EQ(turns, threads);
    }
    EXPECT_GT(orders.size(), 10U);
}

TEST(CudaEmulation, SharesMemoryAcrossABarrier) {
    std::vector<float> out(128);
    const emulation::Mapping mapping(out.data(), out.size() * sizeof(float));
    emulation::run({{1}, 128}, [&] {
        HONE_SHARED(float, values, 128);
        values[thread_index()] = static_cast<float>(thread_index());
        sync_block();
        Global<float>{out.data()}[thread_index()] = values[127 - thread_index()];
    });
    for (int i = 0; i < 128; ++i) ASSERT_EQ(out[static_cast<std::size_t>(i)], 127 - i);
}

TEST(CudaEmulation, FindsMemoryThatIsNotThere) {
    float* const memory = static_cast<float*>(emulation::allocate(10 * sizeof(float)));
    const auto touch = [&](std::int64_t i) { return [=] { Global<float>{memory}[i] = 1; }; };
    EXPECT_EQ(error_of({{1}, 32}, touch(9)), "");
    EXPECT_THAT(error_of({{1}, 32}, touch(10)),
                HasSubstr("block (0, 0, 0), thread 0: global memory: byte 40"));
    EXPECT_THAT(error_of({{1}, 32}, touch(-1)), HasSubstr("global memory"));
    emulation::release(memory);
    EXPECT_THAT(error_of({{1}, 32}, touch(0)), HasSubstr("global memory"));
    EXPECT_THAT(error_of({{1}, 32},
                         [] {
                             HONE_SHARED(float, values, 4);
                             values[4] = 1;
                         }),
                HasSubstr("shared memory: element 4 of 4"));
    EXPECT_THAT(error_of({{1}, 32, 8}, [] { dynamic_shared<float>(4, 2)[0] = 1; }),
                HasSubstr("bytes 4 to 12 of 8"));
}

TEST(CudaEmulation, FindsSharedMemoryThatNobodyWrote) {
    EXPECT_THAT(error_of({{1}, 32},
                         [] {
                             HONE_SHARED(float, values, 32);
                             if (thread_index() < 31) values[thread_index()] = 1;
                             sync_block();
                             (void)static_cast<float>(values[thread_index()]);
                         }),
                HasSubstr("thread 31: reads shared memory that nobody wrote"));
}

TEST(CudaEmulation, FindsRacesWithinABlock) {
    const auto exchange = [](bool block_barrier, bool warp_barrier, std::uint32_t partner) {
        return [=] {
            HONE_SHARED(std::uint32_t, values, 64);
            values[thread_index()] = thread_index();
            if (block_barrier) sync_block();
            if (warp_barrier) sync_warp();
            (void)static_cast<std::uint32_t>(values[thread_index() ^ partner]);
        };
    };
    EXPECT_NE(error_of({{1}, 64}, exchange(false, false, 1)), "");
    EXPECT_EQ(error_of({{1}, 64}, exchange(false, true, 1)), "");
    EXPECT_EQ(error_of({{1}, 64}, exchange(true, false, 1)), "");
    EXPECT_NE(error_of({{1}, 64}, exchange(false, true, 32)), "");  // of another warp
    EXPECT_EQ(error_of({{1}, 64}, exchange(true, false, 32)), "");
    // Written again before all have read.
    EXPECT_THAT(error_of({{1}, 64},
                         [] {
                             HONE_SHARED(std::uint32_t, value, 1);
                             if (thread_index() == 63) value[0] = 1;
                             sync_block();
                             (void)static_cast<std::uint32_t>(value[0]);
                             if (thread_index() == 63) value[0] = 2;
                         }),
                HasSubstr("without a barrier between"));
}

TEST(CudaEmulation, FindsBarriersThatNotAllReach) {
    EXPECT_THAT(
        error_of({{1}, 64},
                 [] {
                     if (thread_index() < 32) sync_block();
                 }),
        HasSubstr("32 threads wait in sync_block, which 32 that have ended will never reach"));
    EXPECT_THAT(error_of({{1}, 32},
                         [] {
                             if (thread_index() != 5) (void)ballot(true);
                         }),
                HasSubstr("31 in ballot"));
    EXPECT_THAT(error_of({{1}, 32},
                         [] {
                             if (thread_index() == 5)
                                 (void)shuffle(1, 0);
                             else
                                 (void)ballot(true);
                         }),
                HasSubstr("different operations"));
}

TEST(CudaEmulation, CopiesAsynchronously) {
    std::vector<float> from(32), out(32);
    for (int i = 0; i < 32; ++i) from[static_cast<std::size_t>(i)] = static_cast<float>(i);
    const emulation::Mapping in_mapping(from.data(), 128), out_mapping(out.data(), 128);
    const auto copy = [&](bool waits, bool late_write) {
        return [&, waits, late_write] {
            HONE_SHARED(float, values, 32);
            copy_async<4>(values, thread_index(), Global<const float>{from.data()}, thread_index());
            commit_async();
            if (waits) wait_async<0>();
            if (late_write) values[thread_index() ^ 1U] = 0;
            sync_block();
            Global<float>{out.data()}[thread_index()] = values[31 - thread_index()];
            wait_async<0>();
        };
    };
    EXPECT_EQ(error_of({{1}, 32}, copy(true, false)), "");
    for (int i = 0; i < 32; ++i) ASSERT_EQ(out[static_cast<std::size_t>(i)], 31 - i);
    EXPECT_THAT(error_of({{1}, 32}, copy(false, false)), HasSubstr("still writing"));
    EXPECT_NE(error_of({{1}, 32}, copy(true, true)), "");
    EXPECT_THAT(error_of({{1}, 32},
                         [&] {
                             HONE_SHARED(float, values, 32);
                             copy_async<4>(values, thread_index(), Global<const float>{from.data()},
                                           thread_index());
                         }),
                HasSubstr("nobody waited for"));
}

TEST(CudaEmulation, RefusesLaunchesThatNoDeviceTakes) {
    EXPECT_THROW(emulation::run({{1}, 33}, [] {}), EmulationError);
    EXPECT_THROW(emulation::run({{1}, 2048}, [] {}), EmulationError);
    EXPECT_THROW(emulation::run({{0}, 32}, [] {}), EmulationError);
    EXPECT_THROW(emulation::run({{1, 70000}, 32}, [] {}), EmulationError);
}

TEST(CudaEmulation, ShufflesVotesAndSums) {
    emulation::run({{1}, 64}, [] {
        const std::uint32_t lane = lane_index();
        ASSERT_EQ(shuffle(thread_index(), 3), warp_index() * 32 + 3);
        ASSERT_EQ(shuffle_xor(lane, 5), lane ^ 5U);
        ASSERT_EQ(ballot(lane % 2 == 0), 0x55555555U);
        ASSERT_EQ(warp_sum(static_cast<float>(lane)), 496);
        ASSERT_EQ(warp_max(-static_cast<float>(lane)), 0);
        HONE_SHARED(float, scratch, 32);
        for (int round = 0; round < 2; ++round) {
            const float sum = block_reduce(static_cast<float>(thread_index()), 0.0F, scratch,
                                           [](float value) { return warp_sum(value); });
            ASSERT_EQ(sum, 2016);
        }
    });
}

}  // namespace
}  // namespace hone::cuda
