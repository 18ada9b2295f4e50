// SPDX-License-Identifier: Apache-2.0
#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "profiler/store/journal_mode.h"
#include "profiler/store/migration.h"
#include "tests/paths/paths.h"
#include "tests/store/example_runs.h"

namespace hone::profiler {
namespace {

using testing::HasSubstr;

// What the seventh step added, taken away again.
const std::string kWithoutSeries =
    "DROP INDEX run_series; ALTER TABLE run DROP COLUMN series_id; DROP TABLE series; ";

void expect_refused(const std::filesystem::path& path, const char* part) {
    try {
        Store store(path);
        FAIL() << "opened " << path;
    } catch (const StoreError& error) {
        EXPECT_THAT(error.what(), HasSubstr(path.string()));
        EXPECT_THAT(error.what(), HasSubstr(part));
    }
}

TEST(JournalMode, IsWalOnlyWhereThatIsSafe) {
    EXPECT_EQ(journal_mode_for(3'040'001, false), "TRUNCATE");
    EXPECT_EQ(journal_mode_for(3'051'002, false), "TRUNCATE");
    EXPECT_EQ(journal_mode_for(3'051'003, false), "WAL");
    EXPECT_EQ(journal_mode_for(3'051'003, true), "TRUNCATE");
    EXPECT_FALSE(on_network_file_system("/proc"));
}

TEST(Schema, OfANewStoreIsTheCurrentOne) {
    TemporaryFolder folder;
    Store store(folder / "runs.sqlite");
    EXPECT_EQ(store.info().schema_version, kSchemaVersion);
    EXPECT_FALSE(store.info().read_only);
    EXPECT_EQ(store.info().path, folder / "runs.sqlite");
    SQLite::Database raw((folder / "runs.sqlite").string());
    const int version = std::stoi(raw.execAndGet("SELECT sqlite_version()").getString().substr(2));
    EXPECT_EQ(store.info().journal_mode, version < 51 ? "truncate" : "wal");
    EXPECT_EQ(raw.execAndGet("PRAGMA application_id").getInt(), 0x486F6E65);
    EXPECT_EQ(raw.execAndGet("PRAGMA user_version").getInt(), 7);
}

TEST(Schema, OneIsBroughtForwardWithABackup) {
    TemporaryFolder folder;
    const std::filesystem::path path = folder / "runs.sqlite";
    std::filesystem::copy_file(test::fixtures() + "/store/runs_v1.sqlite", path);
    std::filesystem::permissions(path, std::filesystem::perms::owner_write,
                                 std::filesystem::perm_options::add);
    Store store(path);
    EXPECT_EQ(store.info().schema_version, 7);
    const std::vector<RunRecord> runs = store.list();
    ASSERT_EQ(runs.size(), 3u);
    EXPECT_EQ(runs[0].reason, "the worker was killed by SIGKILL");
    EXPECT_EQ(runs[1].what.paired_with, 1);
    EXPECT_EQ(runs[1].note, "the one to keep");
    EXPECT_EQ(runs[1].notes_from_run.at(0), "unstable warm-up");
    EXPECT_TRUE(runs[1].unstable_warmup);
    EXPECT_FALSE(runs[0].unstable_warmup);
    EXPECT_FALSE(runs[1].measured_apart);
    EXPECT_EQ(runs[1].tags.at(0), "laptop");
    EXPECT_EQ(runs[1].metrics.at("decode_tokens_per_second").value, 201);
    EXPECT_FALSE(runs[1].starred);
    EXPECT_EQ(store.samples(2).size(), 3u);
    store.set_starred(2, true);
    store.remove({3});
    EXPECT_EQ(store.list().size(), 2u);
    EXPECT_TRUE(store.artifacts().empty());

    SQLite::Database backup((folder / "runs.sqlite.v1.backup").string());
    EXPECT_EQ(backup.execAndGet("PRAGMA user_version").getInt(), 1);
    EXPECT_EQ(backup.execAndGet("SELECT count(*) FROM run").getInt(), 3);
    EXPECT_EQ(backup.execAndGet("PRAGMA integrity_check").getString(), "ok");
}

TEST(Schema, TwoIsBroughtForwardWithItsMarks) {
    TemporaryFolder folder;
    const std::filesystem::path path = folder / "runs.sqlite";
    std::int64_t run = 0;
    {
        Store store(path);
        run = store.begin_run(example_run());
        store.finish_run(run, "done", "", 1);
        store.set_starred(run, true);
    }
    // What the third step added, taken away again.
    SQLite::Database(path.string(), SQLite::OPEN_READWRITE)
        .exec(
            "DROP TABLE prediction; DROP TABLE trace; ALTER TABLE run DROP COLUMN trace_events; "
            "ALTER TABLE run DROP COLUMN trace_dropped; ALTER TABLE run DROP COLUMN trace_details; "
            "ALTER TABLE run DROP COLUMN unstable_warmup; ALTER TABLE run DROP COLUMN "
            "measured_apart; " +
            kWithoutSeries + "PRAGMA user_version = 2");
    Store store(path);
    EXPECT_EQ(store.info().schema_version, 7);
    EXPECT_TRUE(store.load(run)->starred);
    EXPECT_EQ(store.load(run)->trace_events, 0);
    EXPECT_TRUE(store.trace(run).events.empty());
    EXPECT_TRUE(store.load(run)->predicted.empty());
    EXPECT_EQ(SQLite::Database((folder / "runs.sqlite.v2.backup").string())
                  .execAndGet("PRAGMA user_version")
                  .getInt(),
              2);
}

TEST(Schema, FiveIsBroughtForwardWithWhatItsNotesSaid) {
    TemporaryFolder folder;
    const std::filesystem::path path = folder / "runs.sqlite";
    std::int64_t apart = 0, unstable = 0, neither = 0;
    {
        Store store(path);
        apart = store.begin_run(example_run());
        store.add_run_note(
            apart, "measured one after the other: both models together do not fit in memory");
        unstable = store.begin_run(example_run());
        store.add_run_note(
            unstable, "unstable warm-up: the last three repetitions differed by more than 3 %");
        neither = store.begin_run(example_run());
        store.add_run_note(neither, "noisy, as after an unstable warm-up");
        store.set_note(neither, "measured one after the other");
    }
    SQLite::Database(path.string(), SQLite::OPEN_READWRITE)
        .exec(
            "ALTER TABLE run DROP COLUMN unstable_warmup; ALTER TABLE run DROP COLUMN "
            "measured_apart; " +
            kWithoutSeries + "PRAGMA user_version = 5");
    const Store store(path);
    EXPECT_EQ(store.info().schema_version, 7);
    EXPECT_TRUE(store.load(apart)->measured_apart);
    EXPECT_FALSE(store.load(apart)->unstable_warmup);
    EXPECT_FALSE(store.load(unstable)->measured_apart);
    EXPECT_TRUE(store.load(unstable)->unstable_warmup);
    EXPECT_FALSE(store.load(neither)->measured_apart);
    EXPECT_FALSE(store.load(neither)->unstable_warmup);
}

// A store that was written by the last version without series.
TEST(Schema, SixIsBroughtForwardWithRunsOfNoSeries) {
    TemporaryFolder folder;
    const std::filesystem::path path = folder / "runs.sqlite";
    std::filesystem::copy_file(test::fixtures() + "/store/runs_v6.sqlite", path);
    std::filesystem::permissions(path, std::filesystem::perms::owner_write,
                                 std::filesystem::perm_options::add);
    Store store(path);
    EXPECT_EQ(store.info().schema_version, 7);
    const std::vector<RunRecord> runs = store.list();
    ASSERT_EQ(runs.size(), 2u);
    for (const RunRecord& run : runs) {
        EXPECT_EQ(run.status, "done") << run.reason;
        EXPECT_FALSE(run.what.series);
        EXPECT_TRUE(run.unstable_warmup);
        EXPECT_TRUE(run.metrics.contains("bits_per_byte"));
        EXPECT_EQ(store.samples(run.id).size(), 14u);
    }
    EXPECT_EQ(runs[0].what.paired_with, runs[1].id);
    EXPECT_EQ(runs[0].note, "the one to keep");
    EXPECT_EQ(runs[0].tags, std::vector<std::string>{"laptop"});
    EXPECT_GT(runs[0].metrics.at("kl_divergence").value, 0);
    NewRun another = example_run("int8");
    another.series = store.begin_series(nlohmann::json::array());
    EXPECT_EQ(store.load(store.begin_run(another))->what.series->id, 1);
    const SQLite::Database backup((folder / "runs.sqlite.v6.backup").string());
    EXPECT_FALSE(backup.tableExists("series"));
}

// A step that fails half-way leaves the old schema and its data.
TEST(Schema, ThatCannotBeBroughtForwardStaysAsItWas) {
    TemporaryFolder folder;
    const std::filesystem::path path = folder / "runs.sqlite";
    std::filesystem::copy_file(test::fixtures() + "/store/runs_v1.sqlite", path);
    std::filesystem::permissions(path, std::filesystem::perms::owner_write,
                                 std::filesystem::perm_options::add);
    SQLite::Database(path.string(), SQLite::OPEN_READWRITE).exec("CREATE TABLE artifact(clash)");
    expect_refused(path, "artifact");
    SQLite::Database raw(path.string());
    EXPECT_EQ(raw.execAndGet("PRAGMA user_version").getInt(), 1);
    EXPECT_EQ(raw.execAndGet("SELECT count(*) FROM pragma_table_info('run') WHERE name = 'starred'")
                  .getInt(),
              0);
    EXPECT_EQ(raw.execAndGet("SELECT count(*) FROM run").getInt(), 3);
}

TEST(Schema, ThatIsNewerIsReadNotWritten) {
    TemporaryFolder folder;
    const std::filesystem::path path = folder / "runs.sqlite";
    std::int64_t run = 0;
    {
        Store store(path);
        run = store.begin_run(example_run());
    }
    SQLite::Database(path.string(), SQLite::OPEN_READWRITE).exec("PRAGMA user_version = 8");
    Store store(path);
    EXPECT_TRUE(store.info().read_only);
    EXPECT_EQ(store.info().schema_version, 8);
    EXPECT_EQ(store.load(run)->what.model_name, "Tiny");
    try {
        store.set_starred(run, true);
        FAIL() << "wrote a newer store";
    } catch (const StoreError& error) {
        EXPECT_THAT(error.what(), HasSubstr("newer Hone (schema 8, this one knows 7)"));
    }
}

TEST(Schema, OfAnotherProgramIsRefused) {
    TemporaryFolder folder;
    const std::filesystem::path path = folder / "other.sqlite";
    SQLite::Database(path.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE)
        .exec("CREATE TABLE bookmark(url)");
    expect_refused(path, "database of another program");
    EXPECT_EQ(
        SQLite::Database(path.string()).execAndGet("SELECT count(*) FROM sqlite_schema").getInt(),
        1);
}

TEST(Schema, OfAFileThatIsNoDatabaseIsRefused) {
    TemporaryFolder folder;
    const std::filesystem::path path = folder / "letter.txt";
    std::ofstream(path) << std::string(5000, 'x');
    expect_refused(path, "not a run store");
    EXPECT_EQ(std::filesystem::file_size(path), 5000u);
    expect_refused(folder.path(), "cannot be opened");
}

TEST(Schema, OfADamagedStoreIsRefusedAfterAnUncleanExit) {
    TemporaryFolder folder;
    const std::filesystem::path path = folder / "runs.sqlite";
    {
        Store store(path);
        for (int i = 0; i < 60; ++i)
            store.finish_run(store.begin_run(example_run("r" + std::to_string(i))), "done", "", 1);
        store.begin_run(example_run());
    }
    {
        SQLite::Database raw(path.string(), SQLite::OPEN_READWRITE);
        raw.exec("UPDATE run SET client_pid = 999999999 WHERE status = 'running'");
        const int page =
            raw.execAndGet("SELECT rootpage FROM sqlite_schema WHERE name = 'run_recipe'").getInt();
        const int size = raw.execAndGet("PRAGMA page_size").getInt();
        std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(std::streamoff{page - 1} * size);
        file << std::string(static_cast<std::size_t>(size), '\x7');
    }
    expect_refused(path, "damaged");
}

}  // namespace
}  // namespace hone::profiler
