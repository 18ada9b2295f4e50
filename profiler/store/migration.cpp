// SPDX-License-Identifier: Apache-2.0
#include "profiler/store/migration.h"

#include <SQLiteCpp/Backup.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <system_error>

#include "engine/base/owned_files.h"
#include "profiler/store/connection.h"
#include "profiler/store/journal_mode.h"

namespace hone::profiler {
namespace {

constexpr const char* kCreate = R"(
CREATE TABLE model(
  id INTEGER PRIMARY KEY, hash TEXT NOT NULL, name TEXT NOT NULL, source TEXT NOT NULL,
  details TEXT NOT NULL, UNIQUE(hash, name, source, details));
CREATE TABLE environment(id INTEGER PRIMARY KEY, details TEXT NOT NULL UNIQUE);
CREATE TABLE workload(id INTEGER PRIMARY KEY, details TEXT NOT NULL UNIQUE);
CREATE TABLE recipe(
  id INTEGER PRIMARY KEY, label TEXT NOT NULL, steps TEXT NOT NULL, UNIQUE(label, steps));
CREATE TABLE run(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  model_id INTEGER NOT NULL REFERENCES model(id),
  environment_id INTEGER NOT NULL REFERENCES environment(id),
  workload_id INTEGER NOT NULL REFERENCES workload(id),
  recipe_id INTEGER NOT NULL REFERENCES recipe(id),
  target TEXT NOT NULL,
  side TEXT NOT NULL,
  paired_with INTEGER REFERENCES run(id) ON DELETE SET NULL,
  status TEXT NOT NULL DEFAULT 'running'
    CHECK(status IN ('running', 'done', 'failed', 'cancelled', 'interrupted')),
  reason TEXT NOT NULL DEFAULT '',
  created TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
  duration_seconds REAL NOT NULL DEFAULT 0,
  client_pid INTEGER NOT NULL, client_started TEXT NOT NULL, client_host TEXT NOT NULL);
CREATE INDEX run_model ON run(model_id);
CREATE INDEX run_environment ON run(environment_id);
CREATE INDEX run_workload ON run(workload_id);
CREATE INDEX run_recipe ON run(recipe_id);
CREATE INDEX run_paired ON run(paired_with);
CREATE INDEX run_status ON run(status);
CREATE TABLE sample(
  id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK(kind IN ('warmup', 'repetition', 'accuracy')),
  position INTEGER NOT NULL,
  figures TEXT NOT NULL,
  detail TEXT NOT NULL);
CREATE INDEX sample_run ON sample(run_id, kind, position);
CREATE TABLE metric(
  run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
  id TEXT NOT NULL, value REAL, low REAL, high REAL, n INTEGER NOT NULL, unit TEXT NOT NULL,
  PRIMARY KEY(run_id, id)) WITHOUT ROWID;
CREATE TABLE memory(
  run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
  class TEXT NOT NULL, bytes INTEGER NOT NULL,
  PRIMARY KEY(run_id, class)) WITHOUT ROWID;
CREATE TABLE note(
  id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
  author TEXT NOT NULL CHECK(author IN ('run', 'user')),
  text TEXT NOT NULL);
CREATE INDEX note_run ON note(run_id);
CREATE TABLE tag(
  run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
  tag TEXT NOT NULL,
  PRIMARY KEY(run_id, tag)) WITHOUT ROWID;
)";

constexpr const char* kAddMarksAndArtifacts = R"(
ALTER TABLE run ADD COLUMN starred INTEGER NOT NULL DEFAULT 0 CHECK(starred IN (0, 1));
ALTER TABLE run ADD COLUMN removed INTEGER NOT NULL DEFAULT 0 CHECK(removed IN (0, 1));
CREATE TABLE artifact(
  id INTEGER PRIMARY KEY,
  created TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
  checkpoint TEXT NOT NULL, recipe TEXT NOT NULL,
  path TEXT NOT NULL, format TEXT NOT NULL, dtype TEXT NOT NULL, bytes INTEGER NOT NULL,
  hash TEXT NOT NULL,
  left_out TEXT NOT NULL, verification TEXT);
)";

constexpr const char* kAddTraces = R"(
ALTER TABLE run ADD COLUMN trace_events INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run ADD COLUMN trace_dropped INTEGER NOT NULL DEFAULT 0;
CREATE TABLE trace(
  run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  name TEXT NOT NULL, operation TEXT NOT NULL, layer INTEGER,
  phase TEXT NOT NULL CHECK(phase IN ('prefill', 'decode')),
  device TEXT NOT NULL, track INTEGER NOT NULL,
  start INTEGER NOT NULL, duration INTEGER NOT NULL, bytes INTEGER NOT NULL, flops INTEGER NOT NULL,
  PRIMARY KEY(run_id, position)) WITHOUT ROWID;
)";

constexpr const char* kAddPredictions = R"(
CREATE TABLE prediction(
  run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
  id TEXT NOT NULL, value REAL NOT NULL,
  PRIMARY KEY(run_id, id)) WITHOUT ROWID;
)";

// A trace's tracks, launches, memory and the facts of its device are one JSON text:
// profiler/trace/details.cpp.
constexpr const char* kAddDeviceTraces = R"(
ALTER TABLE run ADD COLUMN trace_details TEXT NOT NULL DEFAULT '{}';
ALTER TABLE trace ADD COLUMN launch INTEGER NOT NULL DEFAULT 0;
)";

// Facts of a run that decide how it is compared. Until then they were told by how its notes begin.
constexpr const char* kAddFacts = R"(
ALTER TABLE run ADD COLUMN unstable_warmup INTEGER NOT NULL DEFAULT 0
  CHECK(unstable_warmup IN (0, 1));
ALTER TABLE run ADD COLUMN measured_apart INTEGER NOT NULL DEFAULT 0
  CHECK(measured_apart IN (0, 1));
UPDATE run SET unstable_warmup = 1 WHERE id IN
  (SELECT run_id FROM note WHERE author = 'run' AND text GLOB 'unstable warm-up*');
UPDATE run SET measured_apart = 1 WHERE id IN
  (SELECT run_id FROM note WHERE author = 'run' AND text GLOB 'measured one after the other*');
)";

// Candidates that were measured against one baseline in one experiment, and what differs between
// them.
constexpr const char* kAddSeries = R"(
CREATE TABLE series(id INTEGER PRIMARY KEY AUTOINCREMENT, swept TEXT NOT NULL);
ALTER TABLE run ADD COLUMN series_id INTEGER REFERENCES series(id) ON DELETE SET NULL;
CREATE INDEX run_series ON run(series_id);
)";

// kSteps[i] takes schema i to i + 1. Steps are never edited once released; a new schema is a new
// step.
constexpr std::array kSteps{kCreate,         kAddMarksAndArtifacts, kAddTraces,
                            kAddPredictions, kAddDeviceTraces,      kAddFacts,
                            kAddSeries};
static_assert(kSteps.size() == kSchemaVersion);

int version_of(SQLite::Database& database) {
    return database.execAndGet("PRAGMA user_version").getInt();
}

StoreError no_backup(const std::filesystem::path& path, const std::string& why) {
    return {"The run store cannot be brought up to date, because no backup of it could be made.",
            "Make room in its folder, or the folder writable; nothing was changed.",
            "run store " + path.string() + ": " + why};
}

// The file that a backup is written to before it has its name: private, locked, and gone with this
// object.
class OwnedCopy {
public:
    explicit OwnedCopy(const std::filesystem::path& target) {
        do {
            path_ = target.parent_path() / partial_name(target.filename().string());
            descriptor_ = create_owned_file(path_, 0600);
        } while (descriptor_ < 0 && errno == EEXIST);
        if (descriptor_ < 0) throw no_backup(target, std::generic_category().message(errno));
        // There, such a lock and SQLite's own would be in each other's way.
        if (on_network_file_system(target.parent_path())) ::flock(descriptor_, LOCK_UN);
    }
    ~OwnedCopy() {
        ::unlink(path_.c_str());  // it has its own name by now, or is not wanted
        ::close(descriptor_);
    }
    OwnedCopy(const OwnedCopy&) = delete;
    OwnedCopy& operator=(const OwnedCopy&) = delete;
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
    int descriptor_ = -1;
};

// What migrations that were killed left beside the store.
void remove_unfinished_backups(const std::filesystem::path& path) {
    constexpr std::string_view kJournal = "-journal";
    const std::string store = path.filename().string();
    const auto unfinished = [&store](std::string_view name) {
        for (int version = 1; version < kSchemaVersion; ++version)
            if (is_partial_name_of(name, store + ".v" + std::to_string(version) + ".backup"))
                return true;
        return false;
    };
    const auto journal = [&](std::string_view name) {
        return name.ends_with(kJournal) &&
               unfinished(name.substr(0, name.size() - kJournal.size()));
    };
    each_entry(path.parent_path(), unfinished, remove_abandoned_file);
    // SQLite locks its journal no more than we do: it goes where what it belongs to is gone.
    each_entry(path.parent_path(), journal, [&](const std::filesystem::path& left) {
        const std::string name = left.string();
        if (!std::filesystem::exists(name.substr(0, name.size() - kJournal.size())))
            remove_abandoned_file(left);
    });
}

// Written under another name first: a copy that was cut off must not pass for a backup.
void back_up(SQLite::Database& database, const std::filesystem::path& path, int version) {
    std::filesystem::path target = path;
    target += ".v" + std::to_string(version) + ".backup";
    const OwnedCopy owned(target);
    const std::filesystem::path& partial = owned.path();
    try {
        int copied = 0;
        {
            SQLite::Database copy(partial.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
            SQLite::Backup(copy, database).executeStep();
            copied = version_of(copy);
        }
        // Another process may have migrated meanwhile; it made the backup then.
        if (copied == version) std::filesystem::rename(partial, target);
    } catch (const std::filesystem::filesystem_error& error) {
        throw no_backup(path, error.code().message());
    } catch (const SQLite::Exception& error) {
        throw no_backup(path, error.what());
    }
}

}  // namespace

void migrate(SQLite::Database& database, const std::filesystem::path& path) {
    const int found = version_of(database);
    if (found < 0 || found > kSchemaVersion)
        throw damaged_store(path, "found user_version " + std::to_string(found) +
                                      ", expected 0 to " + std::to_string(kSchemaVersion));
    remove_unfinished_backups(path);
    if (found > 0 && found < kSchemaVersion) back_up(database, path, found);
    for (int step = found; step < kSchemaVersion; ++step) {
        SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
        if (version_of(database) == step) {
            database.exec(kSteps.at(static_cast<std::size_t>(step)));
            database.exec("PRAGMA application_id = " + std::to_string(kApplicationId));
            database.exec("PRAGMA user_version = " + std::to_string(step + 1));
        }
        transaction.commit();
    }
}

}  // namespace hone::profiler
