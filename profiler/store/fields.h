// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

namespace hone::profiler {

// One row that holds what no Hone writes: "recipe.steps: found no JSON at byte 3". It costs that
// row, not the store.
class UnreadableRow : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// Whether an error is about what one row holds, not about the file, the disk or a lock.
bool is_of_one_row(const SQLite::Exception& error);

// The columns of a row, one after the other, each as the type that Hone writes. Any other is an
// UnreadableRow: SQLite itself would make a 0 of a text, and a text of anything.
class Fields {
public:
    explicit Fields(SQLite::Statement& row) : row_(row) {}

    std::int64_t integer(const char* name);
    bool is_null() const { return row_.getColumn(next_).isNull(); }
    void skip() { ++next_; }
    double number(const char* name);     // NaN for NULL: SQLite keeps NaN so
    std::string text(const char* name);  // its very bytes: the name of a file may be no UTF-8
    // Bounded in size and depth; null only where `kind` is null.
    nlohmann::json json(const char* name, nlohmann::json::value_t kind);

private:
    [[noreturn]] void fail(const char* name, const std::string& found, const char* expected) const;
    std::string type_of(const SQLite::Column& column) const;

    SQLite::Statement& row_;
    int next_ = 0;
};

}  // namespace hone::profiler
