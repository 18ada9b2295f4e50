// SPDX-License-Identifier: Apache-2.0
#include "engine/core/replacement.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

#include "engine/core/error.h"

namespace hone {
namespace {

// A file system that knows no flags of renameat2(), or a kernel without it.
bool knows_no_flags(int error) {
    return error == EINVAL || error == ENOSYS || error == ENOTSUP || error == EOPNOTSUPP;
}

const char* sentence_for(int error) {
    switch (error) {
        case ENOSPC:
        case EDQUOT:
            return "The disk is full.";
        case EFBIG:
            return "The file is larger than files may be here (ulimit -f, or the file system).";
        case EACCES:
        case EPERM:
        case EROFS:
            return "The folder cannot be written to.";
        default:
            return "";
    }
}

}  // namespace

int (*rename_with_flags)(const char*, const char*, unsigned) = [](const char* from, const char* to,
                                                                  unsigned flags) {
    return ::renameat2(AT_FDCWD, from, AT_FDCWD, to, flags);
};

std::optional<FileIdentity> identity_of(const std::filesystem::path& path) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) return std::nullopt;
    return FileIdentity{
        status.st_dev, status.st_ino, status.st_size,
        status.st_mtim.tv_sec * std::int64_t{1'000'000'000} + status.st_mtim.tv_nsec};
}

FilePlace::FilePlace(std::filesystem::path target, std::string noun)
    : target_(std::move(target)), noun_(std::move(noun)) {
    std::error_code error;
    const std::string last = name();
    if (last.empty() || last == "." || last == "..") fail("no name", "the name of a " + noun_);
    if (!std::filesystem::is_directory(folder(), error))
        fail("no folder " + folder().string(), "an existing folder to write in");
    struct stat status {};
    if (::lstat(target_.c_str(), &status) != 0 && errno != ENOENT) fail_to("look at it", errno);
}

std::filesystem::path FilePlace::folder() const {
    const auto parent = target_.parent_path();
    return parent.empty() ? std::filesystem::path(".") : parent;
}

void FilePlace::fail(const std::string& found, const std::string& expected) const {
    throw Error(ErrorDetails{.message = {},
                             .file = target_.string(),
                             .field = "output " + noun_,
                             .found = found,
                             .expected = expected,
                             .fault = Fault::not_written,
                             .summary = fmt::format("The {} cannot be written there.", noun_)});
}

void FilePlace::fail_to(std::string_view what, int error) const {
    throw Error(ErrorDetails{
        .message = {},
        .file = target_.string(),
        .field = "output " + noun_,
        .found = fmt::format("cannot {}: {}", what, std::generic_category().message(error)),
        .expected = "a place that can be written; nothing was changed there",
        .fault = Fault::not_written,
        .summary = sentence_for(error)});
}

void FilePlace::require_room(std::int64_t bytes) const {
    struct statvfs room {};
    if (::statvfs(folder().c_str(), &room) != 0) return;  // the write will tell
    const auto needed = static_cast<std::uint64_t>(bytes);
    const std::uint64_t free = static_cast<std::uint64_t>(room.f_bavail) * room.f_frsize;
    if (needed > free)
        throw Error(ErrorDetails{
            .message = {},
            .file = target_.string(),
            .field = "disk space",
            .found = fmt::format("{} B free", free),
            .expected = fmt::format("at least {} B", needed),
            .fault = Fault::not_written,
            .summary =
                fmt::format("It needs {:.2f} GB on disk and {:.2f} GB are free.",
                            static_cast<double>(needed) / 1e9, static_cast<double>(free) / 1e9)});
}

// 0, or the errno of the failure; EEXIST where something is there.
int FilePlace::try_move(const std::filesystem::path& temporary) const {
    if (rename_with_flags(temporary.c_str(), target_.c_str(), RENAME_NOREPLACE) == 0) return 0;
    if (!knows_no_flags(errno)) return errno;
    struct stat status {};
    if (::lstat(temporary.c_str(), &status) != 0) return errno;
    if (S_ISDIR(status.st_mode))  // a plain rename replaces an empty folder at most
        return ::rename(temporary.c_str(), target_.c_str()) == 0 ? 0
               : errno == ENOTEMPTY                              ? EEXIST
                                                                 : errno;
    if (::link(temporary.c_str(), target_.c_str()) == 0)
        return ::unlink(temporary.c_str()) == 0 ? 0 : errno;
    if (errno == EEXIST) return EEXIST;
    // Neither flags nor links: take the name first, with an empty file of our own, which the rename
    // replaces.
    const int placeholder = ::open(target_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (placeholder < 0) return errno;
    ::close(placeholder);
    return ::rename(temporary.c_str(), target_.c_str()) == 0 ? 0 : errno;
}

void FilePlace::move_without_replacing(const std::filesystem::path& temporary) const {
    const int error = try_move(temporary);
    if (error == 0) return;
    if (error != EEXIST && error != ENOTDIR && error != EISDIR)
        fail_to("rename to its place", error);
    throw Error(ErrorDetails{
        .message = {},
        .file = target_.string(),
        .field = "output " + noun_,
        .found = "something that appeared there while the new one was being written",
        .expected = "still nothing",
        .fault = Fault::not_written,
        .summary = fmt::format("Something else took the {}'s name meanwhile; it was left as it is.",
                               noun_),
        .action = "Choose another name, or allow overwriting."});
}

bool FilePlace::move_aside(std::filesystem::path& temporary,
                           const std::filesystem::path& aside) const {
    // Under its last name before the exchange: whatever comes out of it, a cleaner never takes it
    // for a leftover.
    if (::rename(temporary.c_str(), aside.c_str()) != 0) fail_to("rename to its place", errno);
    temporary = aside;
    if (rename_with_flags(aside.c_str(), target_.c_str(), RENAME_EXCHANGE) == 0) return true;
    if (errno != ENOENT && !knows_no_flags(errno))
        fail_to("change places with what is there", errno);
    if (errno != ENOENT) {
        // Without an exchange there is a moment with nothing there, and still none with something
        // lost.
        std::filesystem::path old = aside;
        old += ".old";
        if (::rename(target_.c_str(), old.c_str()) == 0) {
            if (const int error = try_move(aside); error != 0) {
                (void)::rename(old.c_str(), target_.c_str());
                fail_to("rename to its place", error);
            }
            if (::rename(old.c_str(), aside.c_str()) != 0) fail_to("rename what was there", errno);
            return true;
        }
        if (errno != ENOENT) fail_to("rename what is there", errno);
    }
    move_without_replacing(aside);
    return false;
}

void FilePlace::make_durable() const {
    const int parent = ::open(folder().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (parent < 0) return;  // it is there; only its name may not survive a power cut
    ::fsync(parent);
    ::close(parent);
}

}  // namespace hone
