// SPDX-License-Identifier: Apache-2.0
#include "engine/formats/source_file.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <map>

#include "engine/core/error.h"

namespace hone {
namespace {

[[noreturn]] void changed(const std::string& path, std::string found, std::string expected) {
    ErrorDetails details{"", path, "file", std::move(found), std::move(expected)};
    details.fault = Fault::changed;
    details.summary = "The model was changed or replaced after Hone looked at it.";
    throw Error(std::move(details));
}

std::string described(const SourceFile& file) {
    return fmt::format("{} B, changed at {}.{:09} s, inode {} of device {}", file.bytes,
                       file.modified_ns / 1'000'000'000, file.modified_ns % 1'000'000'000,
                       file.inode, file.device);
}

}  // namespace

SourceFile source_file(const std::filesystem::path& path, const struct stat& status) {
    return {
        path.string(), static_cast<std::uint64_t>(status.st_dev),
        static_cast<std::uint64_t>(status.st_ino), static_cast<std::int64_t>(status.st_size),
        static_cast<std::int64_t>(status.st_mtim.tv_sec) * 1'000'000'000 + status.st_mtim.tv_nsec};
}

std::optional<SourceFile> source_file(const std::filesystem::path& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return std::nullopt;
    return source_file(path, status);
}

void require_same_files(const std::vector<SourceFile>& before, const std::vector<SourceFile>& now) {
    std::map<std::string_view, const SourceFile*> current;
    for (const SourceFile& file : now) current[file.path] = &file;
    for (const SourceFile& file : before) {
        const auto found = current.find(file.path);
        if (found == current.end()) changed(file.path, "no such file any more", described(file));
        if (*found->second != file) changed(file.path, described(*found->second), described(file));
        current.erase(found);
    }
    if (!current.empty())
        changed(std::string(current.begin()->first), "a file that came since", "none of that name");
}

}  // namespace hone
