// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string_view>

namespace hone {

// What clients that were killed leave, and how the next one finds it. Everything has an exact name
// and a lock that its owner holds (engine/base/owned_files.h): what belongs to another user or is
// in use stays.

inline constexpr std::string_view kSpoolFolder = "hone-spool";  // partial_name() of it
bool is_spool_file(std::string_view name);

// Spool folders in `folder`.
void remove_abandoned_spools(const std::filesystem::path& folder);

// Spools in the folder for temporary files, and half-written exports wherever their notes say that
// they are. For every program that starts as a client; never throws.
void remove_what_killed_clients_left() noexcept;

// While this lives, a note in the user's cache says that something is being written for `target`: a
// client that is killed leaves the note too, and the next one knows where to look. Without a cache
// there is no note, and the next export to the same target tidies up.
class UnfinishedExport {
public:
    explicit UnfinishedExport(const std::filesystem::path& target);
    ~UnfinishedExport();
    UnfinishedExport(const UnfinishedExport&) = delete;
    UnfinishedExport& operator=(const UnfinishedExport&) = delete;

private:
    std::filesystem::path note_;
    int descriptor_ = -1;
};

}  // namespace hone
