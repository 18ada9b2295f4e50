// SPDX-License-Identifier: Apache-2.0
#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <random>
#include <thread>

#include "profiler/store/client_process.h"
#include "tests/paths/paths.h"
#include "tests/store/example_runs.h"

namespace hone::profiler {
namespace {

// Runs `work` in a child process that then ends with its return value, or with 99 where it throws.
template <typename Work>
pid_t in_child(Work work) {
    const pid_t child = ::fork();
    if (child != 0) return child;
    int status = 99;
    try {
        status = work();
    } catch (const std::exception& error) {
        ::dprintf(2, "%s\n", error.what());
    }
    ::_exit(status);
}

int status_of(pid_t child) {
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

void expect_sound(const std::filesystem::path& path) {
    SQLite::Database raw(path.string());
    EXPECT_EQ(raw.execAndGet("PRAGMA integrity_check").getString(), "ok");
    EXPECT_FALSE(SQLite::Statement(raw, "PRAGMA foreign_key_check").executeStep());
}

// What a client acknowledges once the store has returned: a whole run with two samples.
std::int64_t store_one_run(Store& store) {
    const std::int64_t run = store.begin_run(example_run("int8"));
    store.add_sample(run, example_repetition(0, 100));
    store.add_sample(run, example_repetition(1, 101));
    store.set_metric(run, "decode_tokens_per_second", {100.5, 99, 102, 2, "tok/s"});
    store.finish_run(run, "done", "", 1);
    return run;
}

TEST(Processes, KilledWhileWritingLoseNoAcknowledgedRun) {
    TemporaryFolder folder;
    const std::filesystem::path path = folder / "runs.sqlite";
    { Store store(path); }
    std::mt19937 random(20);
    std::uniform_int_distribution<int> microseconds(500, 40'000);
    std::vector<std::int64_t> acknowledged;
    for (int round = 0; round < 50; ++round) {
        int channel[2];
        ASSERT_EQ(::pipe(channel), 0);
        const pid_t child = in_child([&] {
            Store store(path);
            while (true) {
                const std::int64_t run = store_one_run(store);
                if (::write(channel[1], &run, sizeof run) != sizeof run) return 1;
            }
        });
        ::close(channel[1]);
        // Every other child is killed within its first writes, the rest after they have
        // acknowledged a run.
        std::int64_t run = 0;
        if (round % 2 == 1 && ::read(channel[0], &run, sizeof run) == sizeof run)
            acknowledged.push_back(run);
        std::this_thread::sleep_for(std::chrono::microseconds(microseconds(random)));
        ::kill(child, SIGKILL);
        EXPECT_EQ(status_of(child), -SIGKILL);
        while (::read(channel[0], &run, sizeof run) == sizeof run) acknowledged.push_back(run);
        ::close(channel[0]);
    }
    Store store(path);
    for (const std::int64_t run : acknowledged) {
        const auto record = store.load(run);
        ASSERT_TRUE(record) << run;
        EXPECT_EQ(record->status, "done");
        EXPECT_EQ(record->metrics.size(), 1u);
        EXPECT_EQ(store.samples(run).size(), 2u);
    }
    EXPECT_GE(acknowledged.size(), 25u);
    expect_sound(path);
    for (const RunRecord& record : store.list()) EXPECT_NE(record.status, "running");
}

TEST(Processes, WriteAtTheSameTime) {
    TemporaryFolder folder;
    const std::filesystem::path path = folder / "runs.sqlite";
    // None has made the file yet, so they race for the schema too.
    std::vector<pid_t> children;
    for (int i = 0; i < 3; ++i)
        children.push_back(in_child([&] {
            Store store(path);
            for (int run = 0; run < 15; ++run) {
                store_one_run(store);
                if (store.list().empty()) return 1;
            }
            return 0;
        }));
    for (const pid_t child : children) EXPECT_EQ(status_of(child), 0);
    Store store(path);
    EXPECT_EQ(store.list().size(), 45u);
    for (const RunRecord& record : store.list()) EXPECT_EQ(store.samples(record.id).size(), 2u);
    expect_sound(path);
}

TEST(Processes, ThatMigrateAtTheSameTimeAgree) {
    TemporaryFolder folder;
    const std::filesystem::path path = folder / "runs.sqlite";
    std::filesystem::copy_file(test::fixtures() + "/store/runs_v1.sqlite", path);
    std::filesystem::permissions(path, std::filesystem::perms::owner_write,
                                 std::filesystem::perm_options::add);
    std::vector<pid_t> children;
    for (int i = 0; i < 4; ++i)
        children.push_back(in_child([&] { return Store(path).list().size() == 3 ? 0 : 1; }));
    for (const pid_t child : children) EXPECT_EQ(status_of(child), 0);
    SQLite::Database backup((folder / "runs.sqlite.v1.backup").string());
    EXPECT_EQ(backup.execAndGet("PRAGMA user_version").getInt(), 1);
    for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
        EXPECT_EQ(entry.path().string().find("partial"), std::string::npos) << entry.path();
    expect_sound(path);
}

TEST(Processes, ThatAreGoneLeaveInterruptedRuns) {
    TemporaryFolder folder;
    const std::filesystem::path path = folder / "runs.sqlite";
    EXPECT_EQ(status_of(in_child([&] {
                  Store store(path);
                  const std::int64_t run = store.begin_run(example_run());
                  store.add_sample(run, example_repetition(0, 100));
                  return 0;
              })),
              0);
    Store store(path);
    const std::int64_t mine = store.begin_run(example_run("int4"));
    EXPECT_EQ(store.load(mine)->status, "running");
    const RunRecord left = store.list().back();
    EXPECT_EQ(left.status, "interrupted");
    EXPECT_FALSE(left.reason.empty());
    EXPECT_EQ(store.samples(left.id).size(), 1u);
    EXPECT_EQ(store.close_interrupted_runs(), 0);
    // A client that ends while the store is open.
    EXPECT_EQ(status_of(in_child([&] { return Store(path).begin_run(example_run()) > 0 ? 0 : 1; })),
              0);
    EXPECT_EQ(store.close_interrupted_runs(), 1);
    EXPECT_EQ(store.load(mine)->status, "running");
}

TEST(Processes, AreKnownByMoreThanTheirNumber) {
    const ClientProcess mine = this_process();
    EXPECT_TRUE(is_running(mine));
    const std::size_t first = mine.started.find(':'), second = mine.started.find(':', first + 1);
    ASSERT_LT(first, second);
    const std::string boot = mine.started.substr(0, first),
                      ticks = mine.started.substr(first + 1, second - first - 1),
                      numbers = mine.started.substr(second + 1),
                      name = mine.host.substr(0, mine.host.find(' '));
    const auto running = [&](const std::string& started, const std::string& host) {
        return is_running({mine.pid, started, host});
    };
    EXPECT_FALSE(running(boot + ":" + ticks + "0:" + numbers, mine.host))
        << "the number was given to another";
    EXPECT_TRUE(running(boot + ":" + ticks + ":" + numbers, "renamed"))
        << "the same boot is the same machine";
    EXPECT_FALSE(running(boot + ":" + ticks + "0:" + numbers, "renamed"))
        << "so a renamed one's runs end too";
    EXPECT_FALSE(running("earlier:" + ticks + ":" + numbers, mine.host))
        << "before the machine started anew";
    EXPECT_TRUE(running("earlier:" + ticks + ":" + numbers, "elsewhere 1234"))
        << "another machine's cannot be seen";
    EXPECT_TRUE(running(boot + ":" + ticks + "0:pid:[1]", mine.host)) << "nor a container's";
    // As earlier versions wrote them.
    EXPECT_TRUE(running(boot + ":" + ticks, name));
    EXPECT_FALSE(running(boot + ":" + ticks + "0", name));
    EXPECT_FALSE(running("earlier:" + ticks, name));
    EXPECT_TRUE(running("earlier:" + ticks, "elsewhere"));
}

TEST(Processes, WaitForOneAnotherAndThenSaySo) {
    TemporaryFolder folder;
    const std::filesystem::path path = folder / "runs.sqlite";
    Store store(path);
    const std::int64_t run = store.begin_run(example_run());
    SQLite::Database other(path.string(), SQLite::OPEN_READWRITE);
    other.exec("BEGIN IMMEDIATE");
    std::thread release([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(300));
        other.exec("ROLLBACK");
    });
    store.set_starred(run, true);
    release.join();
    EXPECT_TRUE(store.load(run)->starred);
}

}  // namespace
}  // namespace hone::profiler
