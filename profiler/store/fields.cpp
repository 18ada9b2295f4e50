// SPDX-License-Identifier: Apache-2.0
#include "profiler/store/fields.h"

#include <sqlite3.h>

#include <limits>

#include "engine/base/bounded_json.h"

namespace hone::profiler {

using Json = nlohmann::json;

bool is_of_one_row(const SQLite::Exception& error) {
    return error.getErrorCode() == SQLITE_TOOBIG || error.getErrorCode() == SQLITE_ERROR ||
           error.getErrorCode() == SQLITE_MISMATCH;
}

void Fields::fail(const char* name, const std::string& found, const char* expected) const {
    throw UnreadableRow(std::string(name) + ": found " + found + ", expected " + expected);
}

std::string Fields::type_of(const SQLite::Column& column) const {
    if (column.isNull()) return "nothing";
    if (column.isBlob()) return "bytes";
    return column.isText() ? "text" : "a number";
}

std::int64_t Fields::integer(const char* name) {
    const SQLite::Column column = row_.getColumn(next_++);
    if (!column.isInteger()) fail(name, type_of(column), "a whole number");
    return column.getInt64();
}

double Fields::number(const char* name) {
    const SQLite::Column column = row_.getColumn(next_++);
    if (column.isNull()) return std::numeric_limits<double>::quiet_NaN();
    if (!column.isInteger() && !column.isFloat()) fail(name, type_of(column), "a number");
    return column.getDouble();
}

std::string Fields::text(const char* name) {
    const SQLite::Column column = row_.getColumn(next_++);
    if (!column.isText()) fail(name, type_of(column), "text");
    return column.getString();
}

Json Fields::json(const char* name, Json::value_t kind) {
    const SQLite::Column column = row_.getColumn(next_++);
    if (!column.isText()) fail(name, type_of(column), "JSON");
    try {
        Json value = parse_bounded_json(column.getString());
        if (kind != Json::value_t::null && value.type() != kind)
            fail(name, value.type_name(), Json(kind).type_name());
        return value;
    } catch (const JsonProblem& problem) {
        fail(name, problem.what(), "JSON that Hone writes");
    }
}

}  // namespace hone::profiler
