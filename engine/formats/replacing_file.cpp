// SPDX-License-Identifier: Apache-2.0
#include "engine/formats/replacing_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <system_error>
#include <utility>

#include "engine/core/error.h"

namespace hone {
namespace {

constexpr std::string_view kMark = ".partial-";

std::filesystem::path behind_link(const std::filesystem::path& path) {
    std::error_code error;
    if (!std::filesystem::is_symlink(path, error)) return path;
    auto resolved = std::filesystem::canonical(path, error);
    return error ? path : resolved;
}

}  // namespace

ReplacingFile::ReplacingFile(const std::filesystem::path& target, std::int64_t bytes)
    : target_(behind_link(target)) {
    check_target();
    remove_leftovers();
    check_room(bytes);
    create();
}

ReplacingFile::~ReplacingFile() {
    if (descriptor_ < 0) return;
    // Removed while it is still locked, so that nobody takes it for a leftover.
    ::unlink(temporary_.c_str());
    ::close(descriptor_);
}

void ReplacingFile::fail(const std::string& field, const std::string& found,
                         const std::string& expected) const {
    throw Error(ErrorDetails{"", target_.string(), field, found, expected});
}

void ReplacingFile::fail_to(std::string_view what, int error) const {
    const std::string reason = std::generic_category().message(error);
    throw Error(ErrorDetails{
        fmt::format("{}: cannot {}: {}; nothing was changed there", target_.string(), what, reason),
        target_.string(), "output file", reason, "a place that can be written"});
}

std::filesystem::path ReplacingFile::folder() const {
    const auto parent = target_.parent_path();
    return parent.empty() ? std::filesystem::path(".") : parent;
}

void ReplacingFile::check_target() const {
    std::error_code error;
    if (!std::filesystem::is_directory(folder(), error))
        fail("folder", "no folder " + folder().string(), "an existing folder");
    const auto status = std::filesystem::status(target_, error);
    if (std::filesystem::is_directory(status)) fail("output file", "a folder", "the name of a file");
    if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status))
        fail("output file", "something that is no regular file", "a new name, or a file to replace");
}

void ReplacingFile::check_room(std::int64_t bytes) const {
    struct statvfs room {};
    if (::statvfs(folder().c_str(), &room) != 0) return;  // the write will tell
    const auto needed = static_cast<std::uint64_t>(bytes);
    const std::uint64_t free = static_cast<std::uint64_t>(room.f_bavail) * room.f_frsize;
    if (needed > free)
        throw Error(
            ErrorDetails{fmt::format("{}: needs {:.2f} GB on disk and {:.2f} GB are free", target_.string(),
                                     static_cast<double>(needed) / 1e9, static_cast<double>(free) / 1e9),
                         target_.string(), "disk space", fmt::format("{} B free", free),
                         fmt::format("at least {} B", needed)});
}

// A writer holds a lock on its file for as long as it lives; one that can be locked has lost its writer.
void ReplacingFile::remove_leftovers() const {
    const std::string start = target_.filename().string() + std::string(kMark);
    std::error_code error;
    for (std::filesystem::directory_iterator entry(folder(), error), end; !error && entry != end;
         entry.increment(error)) {
        if (entry->path().filename().string().rfind(start, 0) != 0) continue;
        const int file = ::open(entry->path().c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
        if (file < 0) continue;
        if (::flock(file, LOCK_EX | LOCK_NB) == 0) ::unlink(entry->path().c_str());
        ::close(file);
    }
}

void ReplacingFile::create() {
    static std::atomic<unsigned> number{0};
    temporary_ = target_;
    temporary_ += fmt::format("{}{}-{}", kMark, ::getpid(), number++);
    descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor_ < 0) fail_to("create", errno);
    // Where there are no locks (some network folders), nothing is lost but the tidying after a crash.
    (void)::flock(descriptor_, LOCK_EX | LOCK_NB);
}

void ReplacingFile::write(const void* data, std::size_t bytes) {
    const char* next = static_cast<const char*>(data);
    while (bytes > 0) {
        const ssize_t count = ::write(descriptor_, next, bytes);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) fail_to("write", errno);
        next += count;
        bytes -= static_cast<std::size_t>(count);
    }
}

void ReplacingFile::sync() {
    if (::fsync(descriptor_) != 0) fail_to("flush to disk", errno);
}

void ReplacingFile::commit() {
    if (::rename(temporary_.c_str(), target_.c_str()) != 0) fail_to("rename to its place", errno);
    ::close(std::exchange(descriptor_, -1));
    const int parent = ::open(folder().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (parent < 0) return;  // the file is there; only its name may not survive a power cut
    ::fsync(parent);
    ::close(parent);
}

}  // namespace hone
