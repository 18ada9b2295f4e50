// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string_view>

namespace hone {

// As ReplacingFile, for a folder of files: made as a sibling "NAME.partial-PID-N", moved to its place by commit(), removed with
// all that is in it by the destructor otherwise.
class ReplacingFolder {
public:
    // `bytes`: what its files are going to have. `replaceable`: whether a file of that name may go with a folder that is
    // already there. Throws Error where there is less room, the target is a file, or it holds anything else.
    ReplacingFolder(const std::filesystem::path& target, std::int64_t bytes,
                    const std::function<bool(std::string_view name)>& replaceable);
    ~ReplacingFolder();
    ReplacingFolder(const ReplacingFolder&) = delete;
    ReplacingFolder& operator=(const ReplacingFolder&) = delete;

    const std::filesystem::path& target() const { return target_; }
    const std::filesystem::path& temporary() const { return temporary_; }

    // Moves the folder to its place, in one step where there was a folder before, and makes the move durable.
    void commit();

private:
    [[noreturn]] void fail(const std::string& field, const std::string& found,
                           const std::string& expected) const;
    [[noreturn]] void fail_to(std::string_view what, int error) const;
    void check_target(const std::function<bool(std::string_view name)>& replaceable) const;
    void check_room(std::int64_t bytes) const;
    void remove_leftovers() const;
    void create();

    std::filesystem::path target_, temporary_;
    int descriptor_ = -1;
};

}  // namespace hone
