// SPDX-License-Identifier: Apache-2.0
#include "engine/formats/replacing_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

#include "engine/core/error.h"

namespace hone {
namespace {

constexpr std::string_view kMark = ".partial-";

// Absolute, without links and without a slash at its end.
std::filesystem::path resolved(const std::filesystem::path& path) {
    std::filesystem::path target = std::filesystem::absolute(path).lexically_normal();
    if (!target.has_filename()) target = target.parent_path();
    std::error_code error;
    if (!std::filesystem::is_symlink(target, error)) return target;
    auto real = std::filesystem::canonical(target, error);
    return error ? target : real;
}

void sync_folder(const std::filesystem::path& folder) {
    const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return;  // the files are there; only their names may not survive a power cut
    ::fsync(descriptor);
    ::close(descriptor);
}

}  // namespace

ReplacingFolder::ReplacingFolder(const std::filesystem::path& target, std::int64_t bytes,
                                 const std::function<bool(std::string_view name)>& replaceable)
    : target_(resolved(target)) {
    check_target(replaceable);
    remove_leftovers();
    check_room(bytes);
    create();
}

ReplacingFolder::~ReplacingFolder() {
    if (descriptor_ < 0) return;
    // Removed while it is still locked, so that nobody takes it for a leftover.
    std::error_code ignored;
    std::filesystem::remove_all(temporary_, ignored);
    ::close(descriptor_);
}

void ReplacingFolder::fail(const std::string& field, const std::string& found,
                           const std::string& expected) const {
    throw Error(ErrorDetails{"", target_.string(), field, found, expected});
}

void ReplacingFolder::fail_to(std::string_view what, int error) const {
    const std::string reason = std::generic_category().message(error);
    throw Error(ErrorDetails{
        fmt::format("{}: cannot {}: {}; nothing was changed there", target_.string(), what, reason),
        target_.string(), "output folder", reason, "a place that can be written"});
}

void ReplacingFolder::check_target(const std::function<bool(std::string_view name)>& replaceable) const {
    std::error_code error;
    if (!target_.has_filename()) fail("output folder", "the root of all folders", "a new name");
    if (!std::filesystem::is_directory(target_.parent_path(), error))
        fail("folder", "no folder " + target_.parent_path().string(), "an existing folder");
    const auto status = std::filesystem::status(target_, error);
    if (!std::filesystem::exists(status)) return;
    constexpr const char* kExpected = "a new name, or a folder that holds nothing but an exported model";
    if (!std::filesystem::is_directory(status)) fail("output folder", "a file", kExpected);
    for (std::filesystem::directory_iterator entry(target_, error), end; !error && entry != end;
         entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        if (!replaceable(name) || entry->is_directory(error))
            fail("output folder", "a folder that also holds '" + name + "'", kExpected);
    }
    if (error) fail("output folder", error.message(), "a folder that can be read");
}

void ReplacingFolder::check_room(std::int64_t bytes) const {
    struct statvfs room {};
    if (::statvfs(target_.parent_path().c_str(), &room) != 0) return;  // the write will tell
    const auto needed = static_cast<std::uint64_t>(bytes);
    const std::uint64_t free = static_cast<std::uint64_t>(room.f_bavail) * room.f_frsize;
    if (needed > free)
        throw Error(
            ErrorDetails{fmt::format("{}: needs {:.2f} GB on disk and {:.2f} GB are free", target_.string(),
                                     static_cast<double>(needed) / 1e9, static_cast<double>(free) / 1e9),
                         target_.string(), "disk space", fmt::format("{} B free", free),
                         fmt::format("at least {} B", needed)});
}

// A writer holds a lock on its folder for as long as it lives; one that can be locked has lost its writer.
void ReplacingFolder::remove_leftovers() const {
    const std::string start = target_.filename().string() + std::string(kMark);
    std::error_code error, ignored;
    for (std::filesystem::directory_iterator entry(target_.parent_path(), error), end; !error && entry != end;
         entry.increment(error)) {
        if (entry->path().filename().string().rfind(start, 0) != 0) continue;
        const int folder = ::open(entry->path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (folder < 0) continue;
        if (::flock(folder, LOCK_EX | LOCK_NB) == 0) std::filesystem::remove_all(entry->path(), ignored);
        ::close(folder);
    }
}

void ReplacingFolder::create() {
    static std::atomic<unsigned> number{0};
    temporary_ = target_;
    temporary_ += fmt::format("{}{}-{}", kMark, ::getpid(), number++);
    if (::mkdir(temporary_.c_str(), 0777) != 0) fail_to("create", errno);
    descriptor_ = ::open(temporary_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor_ < 0) {
        const int error = errno;
        ::rmdir(temporary_.c_str());
        fail_to("create", error);
    }
    // Where there are no locks (some network folders), nothing is lost but the tidying after a crash.
    (void)::flock(descriptor_, LOCK_EX | LOCK_NB);
}

void ReplacingFolder::commit() {
    if (::fsync(descriptor_) != 0) fail_to("flush to disk", errno);
    std::error_code ignored;
    // A folder that holds files cannot be renamed over: it changes places, and what was there goes afterwards.
    if (::rename(temporary_.c_str(), target_.c_str()) != 0) {
        if (errno != ENOTEMPTY && errno != EEXIST) fail_to("rename to its place", errno);
        if (::renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, target_.c_str(), RENAME_EXCHANGE) != 0)
            fail_to("change places with the folder that is there", errno);
        std::filesystem::remove_all(temporary_, ignored);
    }
    ::close(std::exchange(descriptor_, -1));
    sync_folder(target_.parent_path());
}

}  // namespace hone
