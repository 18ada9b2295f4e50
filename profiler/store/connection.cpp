// SPDX-License-Identifier: Apache-2.0
#include "profiler/store/connection.h"

#include <sqlite3.h>

#include <cstdlib>
#include <system_error>

#include "profiler/store/client_process.h"
#include "profiler/store/journal_mode.h"
#include "profiler/store/migration.h"

namespace hone::profiler {
namespace {

std::string cause_and_remedy(const SQLite::Exception& error) {
    const std::string detail = std::string(" (") + error.what() + ")";
    switch (error.getErrorCode()) {
        case SQLITE_FULL:
            return "the disk is full; make room and try again. What was stored before is unharmed";
        case SQLITE_IOERR:
            return "it could not be read or written" + detail +
                   "; the disk may be full or gone. What was stored before is unharmed";
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return "another program has kept it locked for 5 seconds; try again when that is done";
        case SQLITE_READONLY:
            return "the file or its folder is read-only";
        case SQLITE_PERM:
        case SQLITE_AUTH:
        case SQLITE_CANTOPEN:
            return "it cannot be opened" + detail + "; may its folder be written to?";
        case SQLITE_NOTADB:
            return "it is not a run store: found no SQLite database in it";
        case SQLITE_CORRUPT:
            return "it is damaged" + detail + "; copy the file away and choose or restore another";
        default:
            return error.what();
    }
}

bool has_content(const std::filesystem::path& path) {
    std::error_code error;
    const auto size = std::filesystem::file_size(path, error);
    return !error && size > 0;
}

std::filesystem::path with_suffix(const std::filesystem::path& path, const char* suffix) {
    return path.string() + suffix;
}

}  // namespace

std::string describe(const std::filesystem::path& path, const SQLite::Exception& error) {
    return "run store " + path.string() + ": " + cause_and_remedy(error);
}

std::string json_text(const nlohmann::json& value) {
    return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Connection::Connection(std::filesystem::path path) : path_(std::move(path)) {
    if (path_.has_parent_path()) {
        std::error_code error;
        std::filesystem::create_directories(path_.parent_path(), error);
        if (error)
            throw StoreError("run store " + path_.string() + ": its folder cannot be made (" +
                             error.message() + ")");
    }
    // Must be looked at before SQLite opens the file: it plays a journal back and empties it.
    const bool journal_left =
        has_content(with_suffix(path_, "-journal")) || has_content(with_suffix(path_, "-wal"));
    try {
        open();
        configure();
        check_after_unclean_exit(journal_left);
    } catch (const SQLite::Exception& error) {
        throw StoreError(describe(path_, error));
    }
}

void Connection::open() {
    database_ = std::make_unique<SQLite::Database>(
        path_.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, kBusyMilliseconds);
    sqlite3_db_config(database_->getHandle(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    database_->exec("PRAGMA trusted_schema = OFF");
    const bool file_read_only = sqlite3_db_readonly(database_->getHandle(), "main") == 1;
    // Of one moment: another process may be making the schema.
    SQLite::Transaction moment(*database_);
    const int application = database_->execAndGet("PRAGMA application_id").getInt();
    schema_version_ = database_->execAndGet("PRAGMA user_version").getInt();
    const int tables = database_->execAndGet("SELECT count(*) FROM sqlite_schema").getInt();
    moment.commit();
    if (application != kApplicationId && (tables > 0 || application != 0))
        throw StoreError("run store " + path_.string() +
                         ": it is a database of another program (application_id " +
                         std::to_string(application) + ", expected " + std::to_string(kApplicationId) + ")");
    if (file_read_only) {
        read_only_reason_ = "the file is read-only";
        if (schema_version_ < kSchemaVersion)
            throw StoreError("run store " + path_.string() + ": it has schema " +
                             std::to_string(schema_version_) + " and must be brought to " +
                             std::to_string(kSchemaVersion) + ", but the file is read-only");
    }
    if (schema_version_ > kSchemaVersion) {
        read_only_reason_ = "it was written by a newer Hone (schema " + std::to_string(schema_version_) +
                            ", this one knows " + std::to_string(kSchemaVersion) + ")";
        database_ =
            std::make_unique<SQLite::Database>(path_.string(), SQLite::OPEN_READONLY, kBusyMilliseconds);
    }
}

void Connection::configure() {
    database_->exec("PRAGMA foreign_keys = ON");
    if (!read_only()) {
        const std::string_view wanted =
            journal_mode_for(sqlite3_libversion_number(),
                             on_network_file_system(std::filesystem::absolute(path_).parent_path()));
        const std::string statement = "PRAGMA journal_mode = " + std::string(wanted);
        journal_mode_ = database_->execAndGet(statement.c_str()).getString();
        if (wanted == "TRUNCATE" && journal_mode_ == "wal")
            throw StoreError(
                "run store " + path_.string() +
                ": another program uses it in WAL mode, which is unsafe with SQLite " SQLITE_VERSION
                "; close that program");
        database_->exec("PRAGMA synchronous = FULL");
        migrate(*database_, path_);
        schema_version_ = kSchemaVersion;
    } else {
        journal_mode_ = database_->execAndGet("PRAGMA journal_mode").getString();
    }
}

// A journal with content, or a run whose client is gone, means that a program died while it wrote.
void Connection::check_after_unclean_exit(bool journal_left) {
    if (read_only()) return;
    bool unclean = journal_left;
    SQLite::Statement running(
        *database_, "SELECT client_pid, client_started, client_host FROM run WHERE status = 'running'");
    while (!unclean && running.executeStep())
        unclean = !is_running({running.getColumn(0).getInt64(), running.getColumn(1).getString(),
                               running.getColumn(2).getString()});
    if (!unclean) return;
    const std::string verdict = database_->execAndGet("PRAGMA quick_check(1)").getString();
    if (verdict != "ok") damaged(verdict);
}

void Connection::require_writable() const {
    if (read_only())
        throw StoreError("run store " + path_.string() + ": it can be read but not written, because " +
                         read_only_reason_);
}

void Connection::damaged(const std::string& what) const {
    throw StoreError("run store " + path_.string() + ": it is damaged (" + what +
                     "); copy the file away and choose or restore another");
}

Store::Store(const std::filesystem::path& path) : impl_(new Impl{Connection(path)}) {
    if (impl_->connection.read_only()) return;
    try {
        close_interrupted_runs();
    } catch (const StoreError&) {
        // A full disk must not keep the store from being read.
    }
}
Store::~Store() = default;

std::filesystem::path Store::default_path() {
    if (const char* data = std::getenv("XDG_DATA_HOME"); data != nullptr && data[0] == '/')
        return std::filesystem::path(data) / "hone" / "runs.sqlite";
    if (const char* home = std::getenv("HOME"); home != nullptr && home[0] == '/')
        return std::filesystem::path(home) / ".local/share/hone/runs.sqlite";
    throw StoreError(
        "no place for the run store: neither XDG_DATA_HOME nor HOME is set; name a file with --store");
}

StoreInfo Store::info() const {
    const Connection& connection = impl_->connection;
    return {connection.path(), sqlite3_libversion(), connection.journal_mode(), connection.schema_version(),
            connection.read_only()};
}

}  // namespace hone::profiler
