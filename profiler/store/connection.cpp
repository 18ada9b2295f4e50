// SPDX-License-Identifier: Apache-2.0
#include "profiler/store/connection.h"

#include <sqlite3.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <system_error>

#include "engine/base/printable.h"
#include "profiler/store/client_process.h"
#include "profiler/store/journal_mode.h"
#include "profiler/store/migration.h"

namespace hone::profiler {
namespace {

constexpr const char* kUnharmed = "Make room and try again; what was stored before is unharmed.";
constexpr const char* kReplace = "Copy the file away and choose or restore another.";

bool has_content(const std::filesystem::path& path) {
    std::error_code error;
    const auto size = std::filesystem::file_size(path, error);
    return !error && size > 0;
}

std::filesystem::path with_suffix(const std::filesystem::path& path, const char* suffix) {
    std::filesystem::path result = path;
    result += suffix;
    return result;
}

// SQLite knows names that are no files: a store kept there would be gone with the program.
std::filesystem::path required_path(const std::filesystem::path& path) {
    const std::string name = path.string();
    if (name.empty() || name == ":memory:" || name.starts_with("file:"))
        throw StoreError("This is not the name of a file.", "Name a file to keep the runs in.",
                         "run store: found '" + name + "', expected a path");
    return std::filesystem::absolute(path);
}

void make_folders(const std::filesystem::path& folder, const std::filesystem::path& store) {
    std::error_code error;
    if (folder.empty() || std::filesystem::exists(folder, error)) return;
    make_folders(folder.parent_path(), store);
    if (::mkdir(folder.c_str(), 0700) == 0 || errno == EEXIST) return;
    const std::string why = std::generic_category().message(errno);
    throw StoreError("The run store's folder cannot be made.", "Choose another place with --store.",
                     "run store " + store.string() + ": " + folder.string() + ": " + why);
}

// A pipe or a device would hang whoever reads it, and SQLite opens a journal that lies beside the
// file too.
void require_regular_files(const std::filesystem::path& path) {
    for (const char* suffix : {"", "-journal", "-wal", "-shm"}) {
        const std::filesystem::path file = with_suffix(path, suffix);
        struct stat status {};
        if (::stat(file.c_str(), &status) != 0 || S_ISREG(status.st_mode)) continue;
        throw StoreError(
            "The run store cannot be opened.", "Choose a file.",
            "run store " + file.string() + ": found " +
                (S_ISDIR(status.st_mode) ? "a folder" : "something that is no regular file") +
                ", expected a file");
    }
}

// Private, since prompts and paths are in it. Made without being opened: to close a descriptor of
// the file would take away the locks that SQLite may hold on it elsewhere in this process.
void make_file(const std::filesystem::path& path) {
    (void)::mknod(path.c_str(), S_IFREG | 0600, 0);
}

}  // namespace

StoreError damaged_store(const std::filesystem::path& path, const std::string& found) {
    return {"The run store is damaged.", kReplace,
            "run store " + path.string() + ": it is damaged (" + found + ")"};
}

StoreError unreadable(const std::filesystem::path& path, std::int64_t run,
                      const std::string& found) {
    return {"What was measured in run " + std::to_string(run) + " cannot be read from the store.",
            "", "run store " + path.string() + ": " + found};
}

StoreError describe(const std::filesystem::path& path, const SQLite::Exception& error) {
    const std::string detail = "run store " + path.string() + ": " + error.what();
    switch (error.getErrorCode()) {
        case SQLITE_FULL:
            return {"The disk is full.", kUnharmed, detail};
        case SQLITE_IOERR:
            return {"The run store could not be read or written.",
                    "The disk may be full or gone, or a limit on the size of files reached (ulimit "
                    "-f); what "
                    "was stored "
                    "before is unharmed.",
                    detail};
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return {
                "The run store is in use.",
                "Another program has kept it locked for 5 seconds; try again when that is done.",
                detail};
        case SQLITE_READONLY:
            return {"The run store cannot be written.",
                    "Check the rights to the file and its folder.",
                    detail + ": the file or its folder is read-only"};
        case SQLITE_PERM:
        case SQLITE_AUTH:
        case SQLITE_CANTOPEN:
            return {"The run store cannot be opened.",
                    "Check the rights to the file and its folder.",
                    detail + ": it cannot be opened"};
        case SQLITE_NOTADB:
            return {"This is not a run store.", "Choose another file.",
                    "run store " + path.string() +
                        ": it is not a run store: found no SQLite database in it"};
        case SQLITE_INTERRUPT:
            return {"The run store took too long to read.",
                    "It may have been made to; choose another.", detail};
        case SQLITE_NOMEM:
            return {"There is not enough memory.", "", detail};
        default:
            return damaged_store(path, error.what());
    }
}

std::string json_text(const nlohmann::json& value) {
    return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Connection::Connection(const std::filesystem::path& path) : path_(required_path(path)) {
    make_folders(path_.parent_path(), path_);
    require_regular_files(path_);
    make_file(path_);
    // Must be looked at before SQLite opens the file: it plays a journal back and empties it.
    const bool journal_left =
        has_content(with_suffix(path_, "-journal")) || has_content(with_suffix(path_, "-wal"));
    try {
        open();
        configure();
        check_after_unclean_exit(journal_left);
    } catch (const SQLite::Exception& error) {
        throw describe(path_, error);
    }
}

double Connection::processor_seconds() {
    struct timespec now {};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

int Connection::out_of_time(void* connection) {
    return processor_seconds() > static_cast<Connection*>(connection)->deadline_ ? 1 : 0;
}

// As SQLite recommends for files that somebody else may have written (sqlite.org/security.html):
// nothing that lies in the schema runs, nothing is larger than it may be, and nothing takes for
// ever.
void Connection::open_database(int flags) {
    constexpr int kInstructionsBetweenLooks = 100'000;
    database_ = std::make_unique<SQLite::Database>(path_.string(), flags, kBusyMilliseconds);
    sqlite3* const handle = database_->getHandle();
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
    sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, kMostBytes);
    deadline_ = processor_seconds() + kMostSeconds;
    sqlite3_progress_handler(handle, kInstructionsBetweenLooks, &Connection::out_of_time, this);
    database_->exec("PRAGMA trusted_schema = OFF");
    database_->exec("PRAGMA cell_size_check = ON");
}

void Connection::read_header() {
    // Both at one moment: another process may be making the schema.
    SQLite::Transaction moment(*database_);
    const int application = database_->execAndGet("PRAGMA application_id").getInt();
    schema_version_ = database_->execAndGet("PRAGMA user_version").getInt();
    const int tables = database_->execAndGet("SELECT count(*) FROM sqlite_schema").getInt();
    moment.commit();
    if (application != kApplicationId && (tables > 0 || application != 0))
        throw StoreError("This is not a run store.", "Choose another file.",
                         "run store " + path_.string() +
                             ": it is a database of another program (application_id " +
                             std::to_string(application) + ", expected " +
                             std::to_string(kApplicationId) + ")");
    // The schema is made in the transaction that gives the file its number: there is no 0 with
    // tables.
    if (schema_version_ < (tables > 0 ? 1 : 0))
        throw damaged_store(path_, "found user_version " + std::to_string(schema_version_) +
                                       ", expected 1 to " + std::to_string(kSchemaVersion));
}

// What stands in a table's place may be a view without end, or a virtual table that runs what it
// likes.
void Connection::require_own_tables(bool all) {
    constexpr std::array kTables{"model",  "environment", "workload", "recipe",     "run",
                                 "sample", "metric",      "memory",   "prediction", "note",
                                 "tag",    "trace",       "artifact", "series"};
    SQLite::Statement row(
        *database_,
        "SELECT type, sql FROM sqlite_schema WHERE lower(name) = ? AND type IN ('table', 'view')");
    for (const char* table : kTables) {
        row.reset();
        row.bind(1, table);
        if (!row.executeStep()) {
            if (all) throw damaged_store(path_, std::string("there is no table ") + table);
            continue;
        }
        const std::string type = row.getColumn(0).getString(), sql = row.getColumn(1).getString();
        if (type != "table" || !sql.starts_with("CREATE TABLE"))
            throw damaged_store(path_, std::string(table) + " is a " +
                                           (type == "table" ? "virtual table" : type) +
                                           ", expected a table");
    }
}

void Connection::open() {
    open_database(SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    const bool file_read_only = sqlite3_db_readonly(database_->getHandle(), "main") == 1;
    read_header();
    require_own_tables(false);
    if (file_read_only) {
        read_only_reason_ = "the file is read-only";
        if (schema_version_ < kSchemaVersion)
            throw StoreError(
                "The run store was written by an earlier Hone and must be brought up to date.",
                "Make the file writable.",
                "run store " + path_.string() + ": it has schema " +
                    std::to_string(schema_version_) + " and must be brought to " +
                    std::to_string(kSchemaVersion) + ", but the file is read-only");
    }
    if (schema_version_ > kSchemaVersion) {
        read_only_reason_ = "it was written by a newer Hone (schema " +
                            std::to_string(schema_version_) + ", this one knows " +
                            std::to_string(kSchemaVersion) + ")";
        open_database(SQLite::OPEN_READONLY);
    }
}

void Connection::configure() {
    database_->exec("PRAGMA foreign_keys = ON");
    if (!read_only()) {
        const std::string_view wanted = journal_mode_for(
            sqlite3_libversion_number(), on_network_file_system(path_.parent_path()));
        const std::string statement = "PRAGMA journal_mode = " + std::string(wanted);
        journal_mode_ = database_->execAndGet(statement.c_str()).getString();
        if (wanted == "TRUNCATE" && journal_mode_ == "wal")
            throw StoreError("Another program uses the run store in a way that may damage it.",
                             "Close that program.",
                             "run store " + path_.string() +
                                 ": found WAL mode, which is unsafe with SQLite " SQLITE_VERSION);
        database_->exec("PRAGMA synchronous = FULL");
        migrate(*database_, path_);
        schema_version_ = kSchemaVersion;
    } else {
        journal_mode_ = database_->execAndGet("PRAGMA journal_mode").getString();
    }
    require_own_tables(schema_version_ == kSchemaVersion);
}

// A journal with content, or a run whose client is gone, means that a program died while it wrote.
void Connection::check_after_unclean_exit(bool journal_left) {
    if (read_only()) return;
    bool unclean = journal_left;
    SQLite::Statement running(
        *database_,
        "SELECT client_pid, client_started, client_host FROM run WHERE status = 'running'");
    while (!unclean && running.executeStep())
        unclean = !is_running({running.getColumn(0).getInt64(), running.getColumn(1).getString(),
                               running.getColumn(2).getString()});
    if (!unclean) return;
    const std::string verdict = database_->execAndGet("PRAGMA quick_check(1)").getString();
    if (verdict != "ok") throw damaged_store(path_, verdict);
}

void Connection::require_writable() const {
    if (read_only())
        throw StoreError("The run store can be read but not written.", "",
                         "run store " + path_.string() +
                             ": it can be read but not written, because " + read_only_reason_);
}

Store::Store(const std::filesystem::path& path) : impl_(new Impl(path)) {
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
    throw StoreError("There is no place for the run store.", "Name a file with --store.",
                     "found neither XDG_DATA_HOME nor HOME");
}

StoreInfo Store::info() const {
    const Connection& connection = impl_->connection;
    return {connection.path(), sqlite3_libversion(), connection.journal_mode(),
            connection.schema_version(), connection.read_only()};
}

}  // namespace hone::profiler
