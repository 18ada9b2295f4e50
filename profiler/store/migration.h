// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <filesystem>

namespace hone::profiler {

inline constexpr int kSchemaVersion = 7;

// Brings the database from its user_version to kSchemaVersion, one transaction a step. A database
// that holds data is first copied to PATH.v<N>.backup, and what killed migrations left of such
// copies is removed. Several processes may do this at once. Throws SQLite::Exception or StoreError;
// then the data is as it was.
void migrate(SQLite::Database& database, const std::filesystem::path& path);

}  // namespace hone::profiler
