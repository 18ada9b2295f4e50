// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

struct stat;

namespace hone {

// Which file it was that was read: that of the same name may be another one a moment later.
struct SourceFile {
    std::string path;
    std::uint64_t device = 0, inode = 0;
    std::int64_t bytes = 0, modified_ns = 0;  // the last change of its content, since 1970

    bool operator==(const SourceFile&) const = default;
};

SourceFile source_file(const std::filesystem::path& path, const struct stat& status);
// The file that `path` leads to now; empty where it leads to none.
std::optional<SourceFile> source_file(const std::filesystem::path& path);

// Throws Error (Fault::changed) naming the first file of `before` that is not among `now` as it
// was, or a file that came since.
void require_same_files(const std::vector<SourceFile>& before, const std::vector<SourceFile>& now);

}  // namespace hone
