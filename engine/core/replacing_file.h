// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>

#include "engine/core/replacement.h"

namespace hone {

// A file that takes its target's place only once it is complete: written as a sibling
// (engine/base/owned_files.h), moved to the target by commit(), removed by the destructor
// otherwise. What an earlier process that was killed left beside the same target is removed first.
// A file that is replaced leaves its permissions to the new one. Every failure is an Error that
// names the target.
class ReplacingFile final : public Replacement {
public:
    // `bytes`: the size it is going to have. Throws where the folder has less room, is missing or
    // read-only, where the target is something other than a regular file, or is there and
    // `existing` refuses it. A link is followed, also one to nothing.
    ReplacingFile(const std::filesystem::path& target, std::int64_t bytes, Existing existing);
    ~ReplacingFile() override;

    const std::filesystem::path& target() const override { return place_.target(); }
    const std::filesystem::path& temporary() const override { return temporary_; }

    void write(const void* data, std::size_t bytes);
    void sync();  // until the bytes are on the disk
    std::filesystem::path commit() override;

private:
    void look_at_target();
    void create();
    void take_over_rights() const;
    std::filesystem::path exchange();
    void write_back();

    FilePlace place_;
    Existing existing_;
    std::optional<FileIdentity> seen_;  // what was at the target at the start
    struct stat rights_ {};             // its, where it was
    std::filesystem::path temporary_;
    int descriptor_ = -1;
    off_t written_ = 0, asked_ = 0;  // bytes; of these, those that the disk was asked to take
};

// A whole file at once.
void write_replacing(const std::filesystem::path& target, std::string_view bytes,
                     Existing existing);

}  // namespace hone
