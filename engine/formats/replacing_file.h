// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace hone {

// A file that takes its target's place only once it is complete: written as a sibling "NAME.partial-PID-N", moved over
// the target by commit(), removed by the destructor otherwise. What an earlier process that was killed left beside the
// same target is removed first. Every failure is an Error that names the target.
class ReplacingFile {
public:
    // `bytes`: the size it is going to have. Throws where the folder has less room, is missing or read-only, or where
    // the target is something other than a regular file. A link is followed: what it points to is replaced.
    ReplacingFile(const std::filesystem::path& target, std::int64_t bytes);
    ~ReplacingFile();
    ReplacingFile(const ReplacingFile&) = delete;
    ReplacingFile& operator=(const ReplacingFile&) = delete;

    const std::filesystem::path& temporary() const { return temporary_; }

    void write(const void* data, std::size_t bytes);
    void sync();  // until the bytes are on the disk
    // Moves the file over the target and makes the move durable.
    void commit();

private:
    [[noreturn]] void fail(const std::string& field, const std::string& found,
                           const std::string& expected) const;
    [[noreturn]] void fail_to(std::string_view what, int error) const;
    void check_target() const;
    void check_room(std::int64_t bytes) const;
    void remove_leftovers() const;
    void create();
    std::filesystem::path folder() const;

    std::filesystem::path target_, temporary_;
    int descriptor_ = -1;
};

}  // namespace hone
