// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string_view>

namespace hone::profiler {

// "WAL" where it is safe, else "TRUNCATE". SQLite 3.7.0 to 3.51.2 can corrupt a WAL database when
// two connections write or checkpoint at once (sqlite.org/wal.html, "the WAL-reset bug"), and WAL
// needs shared memory, which network file systems lack. `sqlite_version` as
// sqlite3_libversion_number(): 3.51.3 is 3051003.
std::string_view journal_mode_for(int sqlite_version, bool network_file_system);

bool on_network_file_system(const std::filesystem::path& folder);

}  // namespace hone::profiler
