// SPDX-License-Identifier: Apache-2.0
// The fuzz targets in every build, without a fuzzer: seeds, inputs that were findings once
// (tests/fuzz/findings/TARGET/*), and the seeds spoilt in ways that are the same each time.
#include <gtest/gtest.h>

#include <filesystem>
#include <random>

#include "tests/fuzz/conversation.h"
#include "tests/fuzz/memory_file.h"
#include "tests/fuzz/target.h"
#include "tests/paths/paths.h"
#include "tests/protocol/example_messages.h"

namespace hone::fuzz {
namespace {

class EveryReader : public testing::TestWithParam<const Target*> {};

TEST_P(EveryReader, TakesOrRefusesItsSeeds) {
    ASSERT_FALSE(GetParam()->seeds().empty());
    for (const std::string& seed : GetParam()->seeds()) EXPECT_NO_THROW(GetParam()->run(seed));
    EXPECT_NO_THROW(GetParam()->run(""));
}

TEST_P(EveryReader, RefusesWhatWasAFindingOnce) {
    const auto folder =
        std::filesystem::path(test::source_dir()) / "tests/fuzz/findings" / GetParam()->name;
    if (!std::filesystem::is_directory(folder)) return;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        EXPECT_NO_THROW(GetParam()->run(file_bytes(entry.path()))) << entry.path();
}

TEST_P(EveryReader, RefusesSpoiltSeeds) {
    std::mt19937 random(7);
    for (const std::string& seed : GetParam()->seeds()) {
        for (int round = 0; round < 60; ++round) {
            std::string input = seed;
            const auto at = [&] { return random() % (input.size() + 1); };
            for (int change = 0; change < 1 + round % 4; ++change) {
                switch (random() % 4) {
                    case 0:
                        input.resize(at());
                        break;
                    case 1:
                        input.insert(at(), 1 + random() % 8, static_cast<char>(random()));
                        break;
                    case 2:
                        input.insert(at(), input.substr(at(), random() % 64));
                        break;
                    default:
                        if (!input.empty())
                            input[random() % input.size()] = static_cast<char>(random());
                }
            }
            EXPECT_NO_THROW(GetParam()->run(input)) << GetParam()->name << " round " << round;
        }
    }
}

TEST(Protocol, IsReadFromBytesMessageByMessage) {
    std::set<std::string> all, understood;
    messages::each_message([&]<class Message>(const std::string& name) { all.insert(name); });
    for (const std::string& conversation : example_conversations())
        understood.merge(read_conversation(conversation));
    EXPECT_EQ(understood, all);
    EXPECT_TRUE(read_conversation("{\"type\":\"result\",\"id\":1}\n\nnonsense").empty());
}

INSTANTIATE_TEST_SUITE_P(Readers, EveryReader, testing::ValuesIn(targets()),
                         [](const auto& target) { return std::string(target.param->name); });

}  // namespace
}  // namespace hone::fuzz
