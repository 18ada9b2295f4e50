// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "engine/core/error.h"
#include "engine/evaluation/perplexity.h"

namespace hone {
namespace {

class Spool : public ::testing::Test {
protected:
    void SetUp() override {
        path_ = std::filesystem::temp_directory_path() /
                ("hone-spool-" + std::to_string(::getpid()) + "-" +
                 ::testing::UnitTest::GetInstance()->current_test_info()->name());
    }
    void TearDown() override { std::filesystem::remove(path_); }

    static std::vector<float> record(std::int64_t index, std::int64_t n) {
        std::vector<float> values;
        for (std::int64_t i = 0; i < n; ++i)
            values.push_back(-static_cast<float>(index * 1000 + i));
        return values;
    }

    std::filesystem::path path_;
};

TEST_F(Spool, GivesBackWhatWasWrittenWhileItGrows) {
    constexpr std::int64_t kVocab = 3001;
    LogProbSpool writer = LogProbSpool::create(path_, kVocab);
    const LogProbSpool reader = LogProbSpool::open(path_);
    EXPECT_EQ(reader.n_vocab(), kVocab);
    EXPECT_EQ(reader.records(), 0);
    for (std::int64_t i = 0; i < 200; ++i) {
        writer.append(record(i, kVocab));
        const auto read = reader.record(i);
        ASSERT_EQ(std::vector<float>(read.begin(), read.end()), record(i, kVocab)) << i;
    }
    EXPECT_EQ(reader.records(), 200);
    EXPECT_EQ(writer.records(), 200);
    // What was given back to the system is there again when it is asked for.
    for (const std::int64_t i : {0, 3, 199, 100}) {
        const auto read = reader.record(i);
        EXPECT_EQ(std::vector<float>(read.begin(), read.end()), record(i, kVocab)) << i;
    }
    EXPECT_EQ(writer.record(42)[7], record(42, kVocab)[7]);
}

TEST_F(Spool, RefusesWhatIsNotThere) {
    LogProbSpool spool = LogProbSpool::create(path_, 8);
    spool.append(record(0, 8));
    EXPECT_THROW(spool.record(1), Error);
    EXPECT_THROW(spool.record(-1), Error);
    EXPECT_THROW(spool.append(record(0, 7)), Error);
}

TEST_F(Spool, RefusesAnotherFile) {
    EXPECT_THROW(LogProbSpool::open(path_), Error);
    std::ofstream(path_) << "short";
    EXPECT_THROW(LogProbSpool::open(path_), Error);
    std::ofstream(path_) << std::string(1000, 'x');
    EXPECT_THROW(LogProbSpool::open(path_), Error);
    EXPECT_THROW(LogProbSpool::create("/nowhere/at/all", 8), Error);
}

TEST_F(Spool, TruncatesWhatWasThere) {
    LogProbSpool::create(path_, 8).append(record(0, 8));
    EXPECT_EQ(LogProbSpool::create(path_, 8).records(), 0);
}

// A limit on the size of files fails a write as a full disk does.
TEST_F(Spool, SaysSoWhereTheDiskIsFull) {
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit small{4096, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    std::string message;
    std::string file;
    try {
        LogProbSpool spool = LogProbSpool::create(path_, 1000);
        for (int i = 0; i < 10; ++i) spool.append(record(i, 1000));
    } catch (const Error& error) {
        message = error.what();
        file = error.details().file;
    }
    ::setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, handler);
    EXPECT_EQ(file, path_.string());
    EXPECT_NE(message.find("cannot write"), std::string::npos) << message;
}

}  // namespace
}  // namespace hone
