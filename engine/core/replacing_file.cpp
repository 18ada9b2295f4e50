// SPDX-License-Identifier: Apache-2.0
#include "engine/core/replacing_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

#include "engine/base/owned_files.h"
#include "engine/core/error.h"
#include "kernels/cpu/pulse.h"

namespace hone {
namespace {

constexpr std::chrono::minutes kDiskPatience{2};  // for what a slow disk has yet to write

// Where writing to `path` would write: a link is followed to its end, whether or not anything is
// there.
std::filesystem::path behind_links(std::filesystem::path path) {
    constexpr int kMostLinks = 40;  // as the kernel's own limit
    std::error_code error;
    for (int links = 0; std::filesystem::is_symlink(path, error); ++links) {
        if (links == kMostLinks)
            throw Error(ErrorDetails{"", path.string(), "output file", "links in a circle",
                                     "a file or nothing", Fault::not_written});
        const auto next = std::filesystem::read_symlink(path, error);
        if (error) break;
        path = path.parent_path() / next;  // an absolute one stays as it is
    }
    return path;
}

}  // namespace

ReplacingFile::ReplacingFile(const std::filesystem::path& target, std::int64_t bytes,
                             Existing existing)
    : place_(behind_links(target), "file"), existing_(existing) {
    look_at_target();
    each_entry(
        place_.folder(),
        [this](std::string_view name) { return is_partial_name_of(name, place_.name()); },
        remove_abandoned_file);
    place_.require_room(bytes);
    create();
}

ReplacingFile::~ReplacingFile() {
    if (descriptor_ < 0) return;
    // Removed while it is still locked, so that nobody takes it for a leftover.
    ::unlink(temporary_.c_str());
    ::close(descriptor_);
}

void ReplacingFile::look_at_target() {
    if (::lstat(target().c_str(), &rights_) != 0) return;
    if (S_ISDIR(rights_.st_mode)) place_.fail("a folder", "the name of a file");
    if (!S_ISREG(rights_.st_mode))
        place_.fail("something that is no regular file", "a new name, or a file to replace");
    if (existing_ == Existing::refuse)
        place_.fail("a file that exists", "a new name, or the permission to overwrite it");
    seen_ = identity_of(target());
}

void ReplacingFile::create() {
    // Not readable to more people than what it replaces, at any moment.
    const mode_t mode = seen_ ? 0600 : 0666;
    do {
        temporary_ = place_.folder() / partial_name(place_.name());
        descriptor_ = create_owned_file(temporary_, mode);
    } while (descriptor_ < 0 && errno == EEXIST);
    if (descriptor_ < 0) place_.fail_to("create", errno);
}

void ReplacingFile::write(const void* data, std::size_t bytes) {
    const char* next = static_cast<const char*>(data);
    while (bytes > 0) {
        const ssize_t count = ::write(descriptor_, next, bytes);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) place_.fail_to("write", errno);
        next += count;
        bytes -= static_cast<std::size_t>(count);
        written_ += count;
        write_back();
    }
}

// Asks for the last stretch to be written to the disk and waits for the one before: the pages that
// nobody wrote yet stay few, and sync() has little left to wait for.
void ReplacingFile::write_back() {
    constexpr off_t kStretch = off_t{64} << 20U;
    if (written_ - asked_ < kStretch) return;
    kernels::pulse();
    const kernels::LongStep disk(kDiskPatience);
    // Where this is not known nothing is lost but time; failures are sync()'s to tell.
    (void)::sync_file_range(descriptor_, asked_, written_ - asked_, SYNC_FILE_RANGE_WRITE);
    if (asked_ > 0) (void)::sync_file_range(descriptor_, 0, asked_, SYNC_FILE_RANGE_WAIT_BEFORE);
    asked_ = written_;
}

void ReplacingFile::sync() {
    kernels::pulse();
    const kernels::LongStep disk(kDiskPatience);
    if (::fsync(descriptor_) != 0) place_.fail_to("flush to disk", errno);
}

// The owner only where this user may give files away; the mode always.
void ReplacingFile::take_over_rights() const {
    if (!seen_) return;
    if (rights_.st_uid != ::geteuid() || rights_.st_gid != ::getegid())
        (void)!::fchown(descriptor_, rights_.st_uid, rights_.st_gid);
    if (::fchmod(descriptor_, rights_.st_mode & 07777) != 0)
        place_.fail_to("set the permissions", errno);
}

std::filesystem::path ReplacingFile::exchange() {
    const auto aside = place_.folder() / kept_name(place_.name());
    if (!place_.move_aside(temporary_, aside)) return {};
    const auto there = identity_of(aside);
    // Size, time and inode are those that were looked at: this is what may go.
    if (seen_ && there == seen_) {
        ::unlink(aside.c_str());
        return {};
    }
    return aside;
}

std::filesystem::path ReplacingFile::commit() {
    std::filesystem::path kept;
    take_over_rights();
    if (existing_ == Existing::refuse)
        place_.move_without_replacing(temporary_);
    else if (existing_ == Existing::replace)
        kept = exchange();
    else if (::rename(temporary_.c_str(), target().c_str()) != 0)
        place_.fail_to("rename to its place", errno);
    ::close(std::exchange(descriptor_, -1));
    place_.make_durable();
    return kept;
}

void write_replacing(const std::filesystem::path& target, std::string_view bytes,
                     Existing existing) {
    ReplacingFile file(target, static_cast<std::int64_t>(bytes.size()), existing);
    file.write(bytes.data(), bytes.size());
    file.sync();
    file.commit();
}

}  // namespace hone
