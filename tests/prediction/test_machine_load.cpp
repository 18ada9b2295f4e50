// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <ctime>
#include <set>

#include "engine/prediction/cold_weights.h"
#include "engine/prediction/machine_load.h"

namespace hone {
namespace {

// user nice system idle iowait irq softirq steal guest guest_nice
constexpr std::string_view kStat =
    "cpu  600 10 60 4000 20 3 3 40 0 0\n"
    "cpu0 100 1 10 1000 5 1 1 10 0 0\n"
    "cpu1 200 2 20 1000 5 1 1 10 0 0\n"
    "cpu10 300 7 30 2000 10 1 1 20 0 0\n"
    "intr 12345 6 7\n";

TEST(ProcessorTicks, AreThoseOfTheProcessorsThatAreAskedFor) {
    const auto one = processor_ticks(kStat, std::array{1});
    ASSERT_TRUE(one);
    EXPECT_EQ(one->busy, 224);
    EXPECT_EQ(one->stolen, 10);
    EXPECT_EQ(one->all, 1239);
    EXPECT_EQ(processor_ticks(kStat, std::array{0, 10})->busy, 113 + 339)
        << "not the line of all together";
}

TEST(ProcessorTicks, AreNoneWhereTheSystemTellsNone) {
    EXPECT_FALSE(processor_ticks("", std::array{0}));
    EXPECT_FALSE(processor_ticks("cpu  1 2 3\nbtime 5\n", std::array{0}));
    EXPECT_FALSE(processor_ticks(kStat, std::array{7}));
    EXPECT_FALSE(processor_ticks("cpu0 0 0 0 0 0 0 0 0\n", std::array{0}))
        << "a sandbox that counts nothing";
    EXPECT_FALSE(processor_ticks("cpu0\ncpu\ncpux 1 2\n", std::array{0}));
}

TEST(MachineLoad, SaysWhoHasTheProcessors) {
    EXPECT_FALSE((MachineLoad{.others = 0.05, .stolen = 0.02}.busy()));
    EXPECT_TRUE((MachineLoad{.others = 0.2}.busy()));
    EXPECT_TRUE((MachineLoad{.stolen = 0.2}.busy()));
    EXPECT_EQ((MachineLoad{.others = 0.45, .processors = 2}.text()),
              "other programs take 45 % of 2 processors");
    EXPECT_EQ((MachineLoad{.stolen = 0.3}.text()),
              "the hypervisor gives 30 % of 1 processor to other guests");
}

TEST(LoadWatch, DoesNotCountOnesOwnWork) {
    const LoadWatch watch;
    const auto start = std::chrono::steady_clock::now();
    const std::clock_t own_start = std::clock();
    volatile double sum = 0;
    while (std::chrono::steady_clock::now() - start < std::chrono::milliseconds(400)) sum = sum + 1;
    const MachineLoad load = watch.load();
    const double wall =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    const double own =
        static_cast<double>(std::clock() - own_start) / CLOCKS_PER_SEC / wall / load.processors;
    EXPECT_GE(load.others, 0);
    EXPECT_LE(load.others + own, 1.15) << "ticks are hundredths of a second";
    EXPECT_EQ(load.processors, static_cast<int>(allowed_processors().size()));
}

StoredTensor matrix(const std::vector<std::byte>& bytes) {
    StoredTensor tensor;
    tensor.shape = {2, static_cast<std::int64_t>(bytes.size() / 8)};
    tensor.data = bytes;
    return tensor;
}

TEST(ColdWeights, ComeRoundOnlyAfterAllOthers) {
    const std::vector<std::byte> bytes(4000, std::byte{7});
    ColdWeights weights(41000);
    weights.fill(matrix(bytes), {});
    std::set<const std::byte*> seen;
    for (int i = 0; i < 10; ++i) {
        const StoredTensor& next = weights.next();
        EXPECT_TRUE(seen.insert(next.data.data()).second) << i;
        EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), next.data.begin(), next.data.end()));
    }
    EXPECT_TRUE(seen.contains(weights.next().data.data()));
}

TEST(ColdWeights, AreTheMatrixItselfWhereThereIsNoRoom) {
    const std::vector<std::byte> bytes(4000, std::byte{7});
    ColdWeights weights(1);
    weights.fill(matrix(bytes), {});
    EXPECT_EQ(weights.next().data.data(), bytes.data());
}

TEST(ColdBytes, AreAModelsAndWithinWhatThereIs) {
    EXPECT_GE(cold_bytes(0), std::int64_t{192} << 20);
    EXPECT_LE(cold_bytes(0), std::int64_t{512} << 20);
    EXPECT_EQ(cold_bytes(std::int64_t{80} << 20), std::int64_t{10} << 20);
}

}  // namespace
}  // namespace hone
