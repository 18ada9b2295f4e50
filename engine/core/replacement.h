// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace hone {

// What may stand at a target at the moment when something new takes its place.
enum class Existing : std::uint8_t {
    refuse,   // nothing: what appeared meanwhile stays, and the new thing goes
    replace,  // what was there at the start, as it was; what came or changed since is kept beside
              // it, never deleted
    any,      // whatever is there: for caches, which every process may write
};

// Something written beside its target, complete, that has yet to take the target's place. The
// destructor removes it.
class Replacement {
public:
    Replacement() = default;
    virtual ~Replacement() = default;
    Replacement(const Replacement&) = delete;
    Replacement& operator=(const Replacement&) = delete;

    virtual const std::filesystem::path& target() const = 0;
    virtual const std::filesystem::path& temporary() const = 0;
    // Moves it to the target in one step and makes the move durable. Returns where something is
    // kept that stood at the target and was not what had been looked at; empty where nothing is.
    // Throws Error: then the target is as it was.
    virtual std::filesystem::path commit() = 0;
};

// One file or folder, as it was at one moment: another one, or other content, has another identity.
struct FileIdentity {
    dev_t device = 0;
    ino_t inode = 0;
    off_t bytes = 0;
    std::int64_t modified = 0;  // ns
    bool operator==(const FileIdentity&) const = default;
};
std::optional<FileIdentity> identity_of(
    const std::filesystem::path& path);  // of a link itself; none where nothing is

// renameat2() as every step calls it: tests put a file system in its place that knows no flags. -1
// with errno.
extern int (*rename_with_flags)(const char* from, const char* to, unsigned flags);

// The steps that files and folders share. Errors name the target and say that nothing was changed
// there.
class FilePlace {
public:
    // `noun`: "file" or "folder". Throws where the folder to write in is missing or the name is
    // none.
    FilePlace(std::filesystem::path target, std::string noun);

    const std::filesystem::path& target() const { return target_; }
    std::filesystem::path folder() const;
    std::string name() const { return target_.filename().string(); }

    void require_room(std::int64_t bytes) const;
    [[noreturn]] void fail(const std::string& found, const std::string& expected) const;
    [[noreturn]] void fail_to(std::string_view what, int error) const;

    // Moves `temporary` to the target where nothing is; throws where something is.
    void move_without_replacing(const std::filesystem::path& temporary) const;
    // Moves `temporary` to the target, and what was at the target, if anything was, to `aside`.
    // Returns whether anything was. `temporary` may have the name `aside` after a failure.
    bool move_aside(std::filesystem::path& temporary, const std::filesystem::path& aside) const;
    void make_durable() const;

private:
    int try_move(const std::filesystem::path& temporary) const;

    std::filesystem::path target_;
    std::string noun_;
};

}  // namespace hone
