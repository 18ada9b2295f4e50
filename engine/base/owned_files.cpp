// SPDX-License-Identifier: Apache-2.0
#include "engine/base/owned_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <system_error>
#include <vector>

namespace hone {
namespace {

constexpr std::string_view kPartial = ".partial-", kKept = ".kept-";
constexpr std::size_t kLongestName = 255;  // bytes, on every file system that this is used on
constexpr std::size_t kLongestMark = 9 + 10 + 1 + 10;  // ".partial-PID-N"

// FNV-1a: a name for a name, nothing that must resist anybody.
std::uint64_t hash_of(std::string_view text) {
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    return hash;
}

std::string stem_of(std::string_view name) {
    if (name.size() + kLongestMark <= kLongestName) return std::string(name);
    return fmt::format("hone-{:016x}", hash_of(name));
}

std::string numbered(std::string_view name, std::string_view mark) {
    static std::atomic<std::uint32_t> number{0};
    return fmt::format("{}{}{}-{}", stem_of(name), mark, ::getpid(), number++);
}

// Takes a number of at most ten digits, without a leading zero, off the front.
bool take_number(std::string_view& text) {
    std::size_t digits = 0;
    while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') ++digits;
    if (digits == 0 || digits > 10 || (digits > 1 && text[0] == '0')) return false;
    text.remove_prefix(digits);
    return true;
}

bool same(const struct stat& a, const struct stat& b) {
    return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

// Whether the lock is ours, or there are no locks here. Somebody who cleans up may have taken what
// was not locked yet.
bool locked_in_place(int descriptor, const std::filesystem::path& path) {
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) return false;
    struct stat open {
    }, there{};
    return ::fstat(descriptor, &open) == 0 && ::lstat(path.c_str(), &there) == 0 &&
           same(open, there);
}

int owned(int descriptor, const std::filesystem::path& path) {
    if (descriptor < 0 || locked_in_place(descriptor, path)) return descriptor;
    ::close(descriptor);
    errno = EEXIST;
    return -1;
}

// The descriptor of something of this user that nobody has locked, locked; -1 otherwise.
int lock_abandoned(const std::filesystem::path& path, int flags, mode_t kind) {
    const int descriptor =
        ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW | flags);
    if (descriptor < 0) return -1;
    struct stat open {
    }, there{};
    if (::fstat(descriptor, &open) == 0 && (open.st_mode & S_IFMT) == kind &&
        open.st_uid == ::geteuid() && ::flock(descriptor, LOCK_EX | LOCK_NB) == 0 &&
        ::lstat(path.c_str(), &there) == 0 && same(open, there))
        return descriptor;
    ::close(descriptor);
    return -1;
}

}  // namespace

std::string partial_name(std::string_view name) {
    return numbered(name, kPartial);
}

std::string kept_name(std::string_view name) {
    return numbered(name, kKept);
}

bool is_partial_name_of(std::string_view candidate, std::string_view name) {
    const std::string stem = stem_of(name);
    if (!candidate.starts_with(stem)) return false;
    candidate.remove_prefix(stem.size());
    if (!candidate.starts_with(kPartial)) return false;
    candidate.remove_prefix(kPartial.size());
    if (!take_number(candidate) || !candidate.starts_with('-')) return false;
    candidate.remove_prefix(1);
    return take_number(candidate) && candidate.empty();
}

int create_owned_file(const std::filesystem::path& path, mode_t mode) {
    return owned(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode), path);
}

int create_owned_folder(const std::filesystem::path& path, mode_t mode) {
    if (::mkdir(path.c_str(), mode) != 0) return -1;
    const int descriptor =
        owned(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW), path);
    if (descriptor < 0 && errno != EEXIST) {
        const int error = errno;
        ::rmdir(path.c_str());
        errno = error;
    }
    return descriptor;
}

bool remove_abandoned_file(const std::filesystem::path& path) {
    const int file = lock_abandoned(path, 0, S_IFREG);
    if (file < 0) return false;
    const bool removed = ::unlink(path.c_str()) == 0;
    ::close(file);
    return removed;
}

bool remove_abandoned_folder(const std::filesystem::path& path,
                             const std::function<bool(std::string_view name)>& ours) {
    const int folder = lock_abandoned(path, O_DIRECTORY, S_IFDIR);
    if (folder < 0) return false;
    each_entry(path, ours, [&](const std::filesystem::path& entry) {
        struct stat status {};
        const std::string name = entry.filename().string();
        // Through the locked folder: its name may meanwhile be another's.
        if (::fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(status.st_mode))
            ::unlinkat(folder, name.c_str(), 0);
    });
    const bool removed = ::rmdir(path.c_str()) == 0;  // only where it is empty now
    ::close(folder);
    return removed;
}

void each_entry(const std::filesystem::path& folder,
                const std::function<bool(std::string_view name)>& matches,
                const std::function<void(const std::filesystem::path& path)>& use) {
    std::vector<std::filesystem::path> found;
    std::error_code error;
    for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error))
        if (matches(entry->path().filename().native())) found.push_back(entry->path());
    std::for_each(found.begin(), found.end(), use);
}

}  // namespace hone
