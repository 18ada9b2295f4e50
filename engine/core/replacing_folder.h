// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "engine/core/replacement.h"

namespace hone {

// Whether a file of that name belongs to a model that was exported as a folder: what may go when
// such a folder is replaced.
bool is_exported_name(std::string_view name);

// As ReplacingFile, for the folder of an exported model: made as a sibling, moved to its place by
// commit(), removed with what an export writes by the destructor otherwise.
class ReplacingFolder final : public Replacement {
public:
    // `bytes`: what its files are going to have. Throws Error where there is less room, the target
    // is a file, or it holds anything else than an exported model, or is there and `existing`
    // refuses it.
    ReplacingFolder(const std::filesystem::path& target, std::int64_t bytes, Existing existing);
    ~ReplacingFolder() override;

    const std::filesystem::path& target() const override { return place_.target(); }
    const std::filesystem::path& temporary() const override { return temporary_; }

    // In one step where there was a folder before. Exactly the files that it had at the start are
    // removed; where it holds anything else by now, it is kept whole, and its new place is
    // returned.
    std::filesystem::path commit() override;

private:
    void look_at_target();
    void create();
    void take_over_rights() const;
    bool remove_seen(const std::filesystem::path& folder) const;

    FilePlace place_;
    Existing existing_;
    bool was_there_ = false;
    std::map<std::string, FileIdentity> seen_;  // the files that were in it
    std::filesystem::path temporary_;
    int descriptor_ = -1;
};

// Removes what killed exports to `target` left beside it: files and folders with the exact names,
// of this user, that nobody locks. Returns how many of these names are left.
int remove_export_leftovers(const std::filesystem::path& target);

}  // namespace hone
