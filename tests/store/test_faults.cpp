// SPDX-License-Identifier: Apache-2.0
#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/store/example_runs.h"

namespace hone::profiler {
namespace {

using testing::HasSubstr;

// Runs `work` in a child, so that limits and identity end with it; its text comes back.
template <typename Work>
std::string told_by_child(Work work) {
    int channel[2];
    if (::pipe(channel) != 0) return "no pipe";
    const pid_t child = ::fork();
    if (child == 0) {
        ::close(channel[0]);
        std::string text;
        try {
            text = work();
        } catch (const std::exception& error) {
            text = error.what();
        }
        ::_exit(::write(channel[1], text.data(), text.size()) == static_cast<ssize_t>(text.size())
                    ? 0
                    : 1);
    }
    ::close(channel[1]);
    std::string text;
    char buffer[4096];
    for (ssize_t n = 0; (n = ::read(channel[0], buffer, sizeof buffer)) > 0;)
        text.append(buffer, static_cast<std::size_t>(n));
    ::close(channel[0]);
    ::waitpid(child, nullptr, 0);
    return text;
}

// Root may write anything, so the child becomes nobody.
bool become_somebody_else() {
    return ::getuid() != 0 || ::setuid(65534) == 0;
}

class Faults : public testing::Test {
protected:
    void SetUp() override {
        Store store(path_);
        run_ = store.begin_run(example_run());
        store.add_sample(run_, example_repetition(0, 100));
        std::filesystem::permissions(folder_.path(), std::filesystem::perms(0777));
        std::filesystem::permissions(path_, std::filesystem::perms(0666));
    }
    void TearDown() override {
        std::filesystem::permissions(folder_.path(), std::filesystem::perms(0777));
        SQLite::Database raw(path_.string());
        EXPECT_EQ(raw.execAndGet("PRAGMA integrity_check").getString(), "ok");
        Store store(path_);
        EXPECT_EQ(store.samples(run_).at(0).values.at("decode_tokens_per_second"), 100)
            << "old data was lost";
        store.set_starred(run_, true);
        EXPECT_TRUE(store.load(run_)->starred) << "a later write must work again";
    }

    TemporaryFolder folder_;
    std::filesystem::path path_ = folder_ / "runs.sqlite";
    std::int64_t run_ = 0;
};

TEST_F(Faults, AFullDiskIsAnErrorAndTheStoreStaysUsable) {
    const std::uintmax_t size = std::filesystem::file_size(path_);
    const std::string told = told_by_child([&] {
        Store store(path_);
        ::signal(SIGXFSZ, SIG_IGN);
        struct rlimit limit {};
        ::getrlimit(RLIMIT_FSIZE, &limit);
        limit.rlim_cur = size + 64 * 1024;
        ::setrlimit(RLIMIT_FSIZE, &limit);
        Sample large = example_repetition(1, 100);
        large.detail = std::string(20'000, 'x');
        int stored = 1;
        try {
            for (; stored < 1000; ++stored) store.add_sample(run_, large);
        } catch (const StoreError& error) {
            const bool intact = store.samples(run_).size() == static_cast<std::size_t>(stored);
            limit.rlim_cur = limit.rlim_max;
            ::setrlimit(RLIMIT_FSIZE, &limit);
            store.add_sample(run_, large);
            const bool goes_on = store.samples(run_).size() == static_cast<std::size_t>(stored) + 1;
            return std::string(error.what()) + (intact ? " intact" : " LOST") +
                   (goes_on ? " goes on" : " STUCK");
        }
        return std::string("no error");
    });
    EXPECT_THAT(told, HasSubstr(path_.string()));
    EXPECT_THAT(told, HasSubstr("unharmed"));
    EXPECT_THAT(told, HasSubstr("intact goes on"));
}

// The run that the set-up left is still "running", and its client is the parent; one of a client
// that is gone is there too.
TEST_F(Faults, AFullDiskDoesNotKeepTheStoreFromBeingRead) {
    told_by_child([&] { return std::to_string(Store(path_).begin_run(example_run("left"))); });
    const std::string told = told_by_child([&] {
        ::signal(SIGXFSZ, SIG_IGN);
        const struct rlimit limit { 0, 0 };
        ::setrlimit(RLIMIT_FSIZE, &limit);
        return std::to_string(Store(path_).list().size());
    });
    EXPECT_EQ(told, "2");
    EXPECT_EQ(Store(path_).list().front().status, "interrupted");
}

TEST_F(Faults, ANewStoreOnAFullDiskIsRefused) {
    const std::filesystem::path fresh = folder_ / "fresh.sqlite";
    const std::string told = told_by_child([&] {
        ::signal(SIGXFSZ, SIG_IGN);
        const struct rlimit limit { 4096, 4096 };
        ::setrlimit(RLIMIT_FSIZE, &limit);
        Store store(fresh);
        return std::string("opened");
    });
    EXPECT_THAT(told, HasSubstr(fresh.string()));
    Store(fresh).begin_run(example_run());
}

TEST_F(Faults, AReadOnlyFileCanBeReadAndSaysSo) {
    std::filesystem::permissions(path_, std::filesystem::perms(0444));
    const std::string told = told_by_child([&]() -> std::string {
        if (!become_somebody_else()) return "cannot change the user";
        Store store(path_);
        if (!store.info().read_only) return "not marked read-only";
        if (store.list().size() != 1) return "not readable";
        try {
            store.set_starred(run_, true);
        } catch (const StoreError& error) {
            return error.what();
        }
        return "written";
    });
    EXPECT_THAT(told, HasSubstr("can be read but not written, because the file is read-only"));
    std::filesystem::permissions(path_, std::filesystem::perms(0666));
}

TEST_F(Faults, AReadOnlyFolderIsAnErrorOfTheWrite) {
    std::filesystem::remove(folder_ / "runs.sqlite-journal");
    std::filesystem::permissions(folder_.path(), std::filesystem::perms(0555));
    const std::string told = told_by_child([&]() -> std::string {
        if (!become_somebody_else()) return "cannot change the user";
        Store store(path_);
        store.set_starred(run_, true);
        return "written";
    });
    EXPECT_THAT(told, HasSubstr(path_.string()));
    EXPECT_THAT(told, HasSubstr("folder"));
}

TEST_F(Faults, AFolderThatCannotBeMadeIsAnError) {
    std::filesystem::permissions(folder_.path(), std::filesystem::perms(0555));
    const std::string told = told_by_child([&]() -> std::string {
        if (!become_somebody_else()) return "cannot change the user";
        Store store(folder_ / "sub/runs.sqlite");
        return "opened";
    });
    EXPECT_THAT(told, HasSubstr("folder cannot be made"));
}

}  // namespace
}  // namespace hone::profiler
