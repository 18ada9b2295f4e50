// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "profiler/store/store.h"

namespace hone::profiler {

inline constexpr int kApplicationId = 0x486F6E65;  // "Hone"
inline constexpr int kBusyMilliseconds = 5000;
// Processor time for one transaction: a million events of a trace take some seconds, what a foreign
// file asks for may take for ever.
inline constexpr double kMostSeconds = 60;
inline constexpr int kMostBytes = 256 << 20;  // of one text or blob

// A sentence for a person, what to do, and the file with what SQLite reported.
StoreError describe(const std::filesystem::path& path, const SQLite::Exception& error);
inline StoreError no_such_run(std::int64_t run) {
    return {"There is no such run.", "", "run store: found no run " + std::to_string(run)};
}
// What was measured in one run, or its trace, holds what no Hone writes; other runs are not
// concerned.
StoreError unreadable(const std::filesystem::path& path, std::int64_t run,
                      const std::string& found);
StoreError damaged_store(const std::filesystem::path& path, const std::string& found);

// An open run store at the current schema, or a newer one read-only. Throws StoreError.
class Connection {
public:
    explicit Connection(const std::filesystem::path& path);
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    SQLite::Database& database() { return *database_; }
    const std::filesystem::path& path() const { return path_; }
    const std::string& journal_mode() const { return journal_mode_; }
    int schema_version() const { return schema_version_; }
    bool read_only() const { return !read_only_reason_.empty(); }

    // Runs `work` in one transaction; SQLite's errors become StoreErrors and leave the data as it
    // was.
    template <typename Work>
    auto write(Work&& work) {
        require_writable();
        return in_transaction(SQLite::TransactionBehavior::IMMEDIATE, std::forward<Work>(work));
    }
    template <typename Work>
    auto read(Work&& work) {
        return in_transaction(SQLite::TransactionBehavior::DEFERRED, std::forward<Work>(work));
    }

private:
    void open();
    void open_database(int flags);
    void read_header();
    void require_own_tables(bool all);
    void configure();
    void check_after_unclean_exit(bool journal_left);
    void require_writable() const;
    static double processor_seconds();  // of this thread
    static int out_of_time(void* connection);

    template <typename Work>
    auto in_transaction(SQLite::TransactionBehavior behaviour, Work&& work) {
        try {
            deadline_ = processor_seconds() + kMostSeconds;
            SQLite::Transaction transaction(*database_, behaviour);
            if constexpr (std::is_void_v<decltype(work(*database_))>) {
                work(*database_);
                transaction.commit();
            } else {
                auto result = work(*database_);
                transaction.commit();
                return result;
            }
        } catch (const SQLite::Exception& error) {
            throw describe(path_, error);
        } catch (const nlohmann::json::exception& error) {
            throw damaged_store(path_, error.what());
        }
    }

    std::filesystem::path path_;
    std::unique_ptr<SQLite::Database> database_;
    std::string journal_mode_, read_only_reason_;
    int schema_version_ = 0;
    double deadline_ = 0;  // as processor_seconds()
};

struct Store::Impl {
    explicit Impl(const std::filesystem::path& path) : connection(path) {}
    Connection connection;
};

// Binds `values` in order and steps a statement that returns no rows. Returns how many rows it
// changed.
template <typename... Values>
int execute(SQLite::Database& database, const char* sql, const Values&... values) {
    SQLite::Statement statement(database, sql);
    int index = 0;
    (statement.bind(++index, values), ...);
    return statement.exec();
}

// Invalid UTF-8 (a file's name) is replaced, so that no text makes a run unstorable.
std::string json_text(const nlohmann::json& value);

}  // namespace hone::profiler
