// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <ctime>
#include <memory>
#include <mutex>
#include <numeric>
#include <stdexcept>
#include <thread>
#include <vector>

#include "kernels/cpu/context.h"
#include "kernels/cpu/thread_pool.h"

namespace hone::kernels {
namespace {

struct Range {
    std::int64_t begin, end;
    int thread;
};

class Pools : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Threads, Pools, testing::Values(1, 2, 3, 5, 8));

TEST_P(Pools, RangesCoverTheCountOnceInWholeGrains) {
    ThreadPool pool(GetParam());
    EXPECT_EQ(pool.size(), GetParam());
    for (const std::int64_t count : {1, 2, 7, 64, 1000, 1001}) {
        for (const std::int64_t grain : {1, 3, 64, 5000}) {
            std::mutex mutex;
            std::vector<Range> ranges;
            pool.parallel_for(count, grain, [&](std::int64_t begin, std::int64_t end, int thread) {
                const std::lock_guard lock(mutex);
                ranges.push_back({begin, end, thread});
            });
            std::vector<int> seen(static_cast<std::size_t>(count));
            for (const Range& range : ranges) {
                ASSERT_GE(range.begin, 0);
                ASSERT_LE(range.end, count);
                ASSERT_LT(range.begin, range.end);
                ASSERT_EQ(range.begin % grain, 0);
                ASSERT_TRUE(range.end == count || range.end % grain == 0);
                ASSERT_TRUE(range.thread >= 0 && range.thread < pool.size());
                for (std::int64_t i = range.begin; i < range.end; ++i)
                    ++seen[static_cast<std::size_t>(i)];
            }
            for (const int times : seen) ASSERT_EQ(times, 1);
        }
    }
}

// Plain (not atomic) data written in one job and read in the next: a missing barrier shows as a
// wrong sum.
TEST_P(Pools, ManyTinyJobsSeeOneAnothersWrites) {
    ThreadPool pool(GetParam());
    std::vector<std::int64_t> values(64, 0);
    constexpr int kJobs = 3000;
    for (int job = 0; job < kJobs; ++job) {
        pool.parallel_for(64, 1, [&](std::int64_t begin, std::int64_t end, int) {
            for (std::int64_t i = begin; i < end; ++i) ++values[static_cast<std::size_t>(63 - i)];
        });
        if (job % 500 == 0) {
            ASSERT_EQ(std::accumulate(values.begin(), values.end(), std::int64_t{0}),
                      64 * (job + 1));
            // Long enough for every thread to fall asleep: the next job must wake them or do
            // without.
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
        }
    }
    for (const std::int64_t value : values) EXPECT_EQ(value, kJobs);
}

// The workspace is kept by thread number, so no number may run twice at the same time.
TEST_P(Pools, AThreadNumberNeverRunsTwiceAtOnce) {
    ThreadPool pool(GetParam());
    std::vector<std::atomic<int>> inside(static_cast<std::size_t>(GetParam()));
    std::atomic<bool> clash = false;
    for (int job = 0; job < 300; ++job) {
        pool.parallel_for(32, 1, [&](std::int64_t, std::int64_t, int thread) {
            auto& count = inside[static_cast<std::size_t>(thread)];
            if (count.fetch_add(1) != 0) clash = true;
            count.fetch_sub(1);
        });
    }
    EXPECT_FALSE(clash);
}

TEST_P(Pools, MayBeDestroyedAtAnyMoment) {
    for (int i = 0; i < 20; ++i) {
        ThreadPool pool(GetParam());
        for (int job = 0; job < i; ++job)
            pool.parallel_for(8, 1, [](std::int64_t, std::int64_t, int) {});
    }
}

TEST(ThreadPool, AnEmptyCountCallsNothing) {
    ThreadPool pool(2);
    bool called = false;
    pool.parallel_for(0, 4, [&](std::int64_t, std::int64_t, int) { called = true; });
    EXPECT_FALSE(called);
}

TEST(ThreadPool, TheCallerIsThreadZero) {
    ThreadPool pool(3);
    const auto caller = std::this_thread::get_id();
    std::atomic<bool> wrong = false;
    for (int job = 0; job < 100; ++job) {
        pool.parallel_for(64, 1, [&](std::int64_t, std::int64_t, int thread) {
            if ((std::this_thread::get_id() == caller) != (thread == 0)) wrong = true;
        });
    }
    EXPECT_FALSE(wrong);
}

TEST_P(Pools, AnExceptionReachesTheCallerAndThePoolGoesOn) {
    ThreadPool pool(GetParam());
    for (int round = 0; round < 20; ++round) {
        EXPECT_THROW(pool.parallel_for(100, 1,
                                       [](std::int64_t begin, std::int64_t, int) {
                                           if (begin + 25 > 0) throw std::runtime_error("no");
                                       }),
                     std::runtime_error);
        std::atomic<std::int64_t> done = 0;
        pool.parallel_for(100, 1,
                          [&](std::int64_t begin, std::int64_t end, int) { done += end - begin; });
        EXPECT_EQ(done, 100);
    }
}

TEST(ThreadPool, ThreadsSleepBetweenJobs) {
    ThreadPool pool(4);
    pool.parallel_for(64, 1, [](std::int64_t, std::int64_t, int) {});
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    const std::clock_t before = std::clock();
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    const double used = static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC;
    EXPECT_LT(used, 0.05) << "seconds of processor time in 0.2 s of doing nothing";
}

}  // namespace
}  // namespace hone::kernels
