// SPDX-License-Identifier: Apache-2.0
// Stores that somebody else wrote: whatever is in one, the program goes on, and one bad row costs
// that row.
#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>

#include "profiler/store/client_process.h"
#include "profiler/store/migration.h"
#include "tests/store/example_runs.h"

namespace hone::profiler {
namespace {

using testing::AnyOf;
using testing::HasSubstr;

class Untrusted : public testing::Test {
protected:
    Untrusted() {
        Store store(path_);
        for (const char* label : {"first", "second", "third"}) {
            const std::int64_t run = store.begin_run(example_run(label));
            store.add_sample(run, example_repetition(0, 100));
            store.set_metric(run, "decode_tokens_per_second", {100, 99, 101, 1, "tok/s"});
            store.set_memory(run, {{"weights", 7}});
            store.set_prediction(run, {{"total_seconds", 1}});
            store.add_run_note(run, "a note");
            store.set_tags(run, {"tag"});
            Trace trace;
            trace.names = {"w"};
            trace.events = {{.start = 1, .duration = 2}};
            store.set_trace(run, trace);
            store.finish_run(run, "done", "", 1);
        }
    }
    void sql(const std::string& statement) const {
        SQLite::Database raw(path_.string(), SQLite::OPEN_READWRITE);
        raw.exec("PRAGMA foreign_keys = OFF");
        raw.exec("PRAGMA ignore_check_constraints = ON");
        raw.exec(statement);
    }
    std::string refusal(const std::filesystem::path& path) const {
        try {
            Store store(path);
            return "opened";
        } catch (const StoreError& error) {
            EXPECT_FALSE(error.summary().empty());
            EXPECT_EQ(std::string(error.what()).find(error.summary()), 0U)
                << "the sentence comes first";
            return error.what();
        }
    }
    static unsigned mode(const std::filesystem::path& file) {
        return static_cast<unsigned>(std::filesystem::status(file).permissions());
    }
    TemporaryFolder folder_;
    std::filesystem::path path_ = folder_ / "runs.sqlite";
};

// Read as an index into the steps, a negative version ran whatever lay before them.
TEST_F(Untrusted, VersionsOutOfRangeAreDamage) {
    for (const char* version : {"-1", "-100", "-2147483648", "0"}) {
        sql(std::string("PRAGMA user_version = ") + version);
        EXPECT_THAT(refusal(path_), HasSubstr("it is damaged")) << version;
    }
    for (const char* version : {"8", "2147483647"}) {
        sql(std::string("PRAGMA user_version = ") + version);
        EXPECT_TRUE(Store(path_).info().read_only) << version;
        EXPECT_EQ(Store(path_).list().size(), 3U) << version;
    }
    // Older than its tables are: a step finds what it would make.
    for (const char* version : {"1", "2", "3", "4", "5"}) {
        sql(std::string("PRAGMA user_version = ") + version);
        EXPECT_THAT(refusal(path_), HasSubstr("it is damaged")) << version;
    }
    EXPECT_EQ(SQLite::Database(path_.string()).execAndGet("SELECT count(*) FROM run").getInt(), 3);
}

struct BadRow {
    const char *sql, *said;
};

TEST_F(Untrusted, OneBadRowCostsThatRow) {
    const std::string deep(200'000, '[');
    const std::string deep_sql =
        "UPDATE run SET target = '" + deep + std::string(200'000, ']') + "' WHERE id = 2";
    const BadRow rows[] = {
        {"UPDATE recipe SET steps = '[{' WHERE label = 'second'",
         "recipe.steps: found no JSON at byte 3"},
        {"UPDATE recipe SET steps = '{}' WHERE label = 'second'", "recipe.steps: found object"},
        {"UPDATE run SET target = '' WHERE id = 2", "target: found no JSON"},
        {"UPDATE run SET target = 7 WHERE id = 2", "target: found number"},
        {"UPDATE run SET target = x'00ff' WHERE id = 2", "target: found bytes"},
        {"UPDATE run SET target = '{\"device\": 7}' WHERE id = 2", "device: found number"},
        {"UPDATE run SET target = '{\"threads\": \"all\"}' WHERE id = 2", "threads: found string"},
        {deep_sql.c_str(), "target: found nesting deeper than 64"},
        {"UPDATE run SET target = '[' || printf('%.*c', 17000000, ' ') || ']' WHERE id = 2",
         "target: found 17000002 B"},
        {"UPDATE run SET status = 'fine' WHERE id = 2", "status: found 'fine'"},
        {"UPDATE run SET duration_seconds = 'long' WHERE id = 2", "duration_seconds: found text"},
        {"UPDATE run SET model_id = 99 WHERE id = 2", "model.name: found nothing"},
        {"UPDATE run SET paired_with = 'that one' WHERE id = 2", "paired_with: found text"},
        {"UPDATE run SET trace_events = x'ff' WHERE id = 2", "trace_events: found bytes"},
        {"UPDATE metric SET value = 'fast' WHERE run_id = 2", "metric.value: found text"},
        {"UPDATE metric SET n = x'01' WHERE run_id = 2", "metric.n: found bytes"},
        {"UPDATE memory SET bytes = 'much' WHERE run_id = 2", "memory.bytes: found text"},
        {"UPDATE prediction SET value = x'01' WHERE run_id = 2", "prediction.value: found bytes"},
        {"UPDATE note SET text = x'01' WHERE run_id = 2", "note.text: found bytes"},
        {"UPDATE tag SET tag = x'01' WHERE run_id = 2", "tag: found bytes"}};
    const std::filesystem::path sound = folder_ / "sound.sqlite";
    std::filesystem::copy_file(path_, sound);
    for (const BadRow& row : rows) {
        std::filesystem::copy_file(sound, path_, std::filesystem::copy_options::overwrite_existing);
        sql(row.sql);
        const Store store(path_);
        const std::vector<RunRecord> runs = store.list();
        ASSERT_EQ(runs.size(), 3U) << row.said;
        EXPECT_EQ(runs[1].id, 2);
        EXPECT_EQ(runs[1].status, kUnreadable) << row.said;
        EXPECT_THAT(runs[1].reason, HasSubstr(row.said));
        EXPECT_EQ(store.load(2)->status, kUnreadable) << row.said;
        for (const RunRecord& other : {runs[0], runs[2]}) {
            EXPECT_EQ(other.status, "done") << row.said;
            EXPECT_EQ(other.metrics.at("decode_tokens_per_second").value, 100) << row.said;
            EXPECT_EQ(store.samples(other.id).size(), 1U) << row.said;
            EXPECT_EQ(store.trace(other.id).events.size(), 1U) << row.said;
        }
    }
}

TEST_F(Untrusted, BadSamplesAndTracesConcernTheirRun) {
    for (const char* statement : {"UPDATE sample SET figures = '{' WHERE run_id = 2",
                                  "UPDATE sample SET figures = '[]' WHERE run_id = 2",
                                  "UPDATE sample SET figures = '{\"a\": \"b\"}' WHERE run_id = 2",
                                  "UPDATE sample SET kind = x'00' WHERE run_id = 2",
                                  "UPDATE sample SET detail = 7 WHERE run_id = 2"}) {
        sql(statement);
        const Store store(path_);
        EXPECT_EQ(store.list().size(), 3U) << statement;
        EXPECT_THAT([&] { (void)store.samples(2); },
                    testing::ThrowsMessage<StoreError>(
                        AnyOf(HasSubstr("in run 2"), HasSubstr("of run 2"))));
        EXPECT_EQ(store.samples(1).size(), 1U) << statement;
    }
    for (const char* statement :
         {"UPDATE trace SET operation = 'magic' WHERE run_id = 2",
          "UPDATE trace SET name = x'00' WHERE run_id = 2",
          "UPDATE trace SET duration = -1 WHERE run_id = 2",
          "UPDATE trace SET launch = 9 WHERE run_id = 2",
          "UPDATE run SET trace_details = '[' WHERE id = 2",
          "UPDATE run SET trace_details = printf('%.*c', 200000, '[') WHERE id = 2"}) {
        sql(statement);
        const Store store(path_);
        EXPECT_THROW((void)store.trace(2), StoreError) << statement;
        EXPECT_EQ(store.trace(1).events.size(), 1U) << statement;
        EXPECT_EQ(store.list().size(), 3U) << statement;
    }
}

TEST_F(Untrusted, NothingOfTheSchemaRuns) {
    // A view without end in a table's place.
    const auto start = std::chrono::steady_clock::now();
    sql("ALTER TABLE run RENAME TO run2; CREATE VIEW run AS WITH RECURSIVE n(i) AS (SELECT 1 UNION "
        "ALL "
        "SELECT i + 1 "
        "FROM n) SELECT i AS id, 0 AS removed FROM n");
    EXPECT_THAT(refusal(path_), HasSubstr("run is a view, expected a table"));
    sql("DROP VIEW run; ALTER TABLE run2 RENAME TO run; ALTER TABLE tag RENAME TO tag2; CREATE "
        "VIRTUAL TABLE "
        "tag USING "
        "fts5(a, b)");
    EXPECT_THAT(refusal(path_), HasSubstr("tag is a virtual table, expected a table"));
    sql("DROP TABLE tag");
    EXPECT_THAT(refusal(path_), HasSubstr("there is no table tag"));
    sql("ALTER TABLE tag2 RENAME TO tag; CREATE TRIGGER endless AFTER UPDATE ON run BEGIN INSERT "
        "INTO "
        "note(run_id, "
        "author, text) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT 1, "
        "'run', i "
        "FROM n; END");
    // Also where a newer version is opened once more to be read alone.
    Store(path_).set_starred(1, true);
    EXPECT_EQ(Store(path_).load(1)->notes_from_run.size(), 1U) << "the trigger did not run";
    sql("PRAGMA user_version = 9");
    EXPECT_EQ(Store(path_).list().size(), 3U);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

TEST_F(Untrusted, OnlyFilesAreStores) {
    ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
    EXPECT_THAT(refusal(folder_ / "pipe"), HasSubstr("no regular file"));
    EXPECT_THAT(refusal("/dev/zero"), HasSubstr("no regular file"));
    EXPECT_THAT(refusal(folder_.path()), HasSubstr("found a folder"));
    std::filesystem::remove(folder_ / "runs.sqlite-journal");
    ASSERT_EQ(::mkfifo((folder_ / "runs.sqlite-journal").c_str(), 0600), 0);
    EXPECT_THAT(refusal(path_), HasSubstr("no regular file"))
        << "SQLite would wait for its journal";
    for (const char* name : {"", ":memory:", "file::memory:", "file:runs.sqlite?mode=memory"}) {
        EXPECT_THAT(refusal(name), HasSubstr("not the name of a file")) << name;
        EXPECT_FALSE(std::filesystem::exists(std::filesystem::path(name).filename()));
    }
}

TEST_F(Untrusted, ANewStoreIsPrivateAndAnOldOneStaysAsItIs) {
    const mode_t before = ::umask(0022);
    { Store store(folder_ / "a/b/runs.sqlite"); }
    EXPECT_EQ(mode(folder_ / "a/b/runs.sqlite"), 0600U);
    EXPECT_EQ(mode(folder_ / "a/b"), 0700U);
    EXPECT_EQ(mode(folder_ / "a"), 0700U);
    std::filesystem::permissions(folder_ / "a", std::filesystem::perms(0755));
    std::filesystem::permissions(folder_ / "a/b/runs.sqlite", std::filesystem::perms(0644));
    Store(folder_ / "a/b/runs.sqlite").begin_run(example_run());
    EXPECT_EQ(mode(folder_ / "a/b/runs.sqlite"), 0644U);
    EXPECT_EQ(mode(folder_ / "a"), 0755U);
    ::umask(before);
}

// Killed while it copies, a migration leaves the copy: the next start removes it, and nothing that
// only looks like it.
TEST_F(Untrusted, CopiesOfKilledMigrationsAreRemoved) {
    const std::string name = path_.filename();
    for (const char* left :
         {".v1.backup.partial-12-0", ".v1.backup.partial-12-0-journal", ".v4.backup.partial-7-3"})
        std::ofstream(folder_.path() / (name + left)) << "left";
    for (const char* mine : {".v1.backup", ".v1.backup.partial-old", ".v9.backup.partial-1-0",
                             ".partial-1-0", ".v1.backup.partial-12-0.txt"})
        std::ofstream(folder_.path() / (name + mine)) << "mine";
    { Store store(path_); }
    for (const char* left :
         {".v1.backup.partial-12-0", ".v1.backup.partial-12-0-journal", ".v4.backup.partial-7-3"})
        EXPECT_FALSE(std::filesystem::exists(folder_.path() / (name + left))) << left;
    for (const char* mine : {".v1.backup", ".v1.backup.partial-old", ".v9.backup.partial-1-0",
                             ".partial-1-0", ".v1.backup.partial-12-0.txt"})
        EXPECT_TRUE(std::filesystem::exists(folder_.path() / (name + mine))) << mine;
}

// The next client finds what a client left that was killed in the middle of a run, whatever the
// machine is called by then.
TEST_F(Untrusted, ARunOfARenamedMachineDoesNotRunForEver) {
    int ready[2];
    ASSERT_EQ(::pipe(ready), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        Store store(path_);
        store.begin_run(example_run("fourth"));
        (void)!::write(ready[1], "x", 1);
        ::pause();
        ::_exit(0);
    }
    char byte = 0;
    ASSERT_EQ(::read(ready[0], &byte, 1), 1);
    sql("UPDATE run SET client_host = 'renamed' WHERE id = 4");
    EXPECT_EQ(Store(path_).load(4)->status, "running") << "its client lives";
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    EXPECT_EQ(Store(path_).load(4)->status, "interrupted");
    ::close(ready[0]);
    ::close(ready[1]);
}

}  // namespace
}  // namespace hone::profiler
