// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace hone {

// Files and folders that a process makes for as long as it works on something. Their names are
// exactly these, and the process holds a lock (flock) on each while it lives: what another can lock
// has lost its owner. What is cleaned up must have such a name, belong to this user and be
// unlocked; nothing else is ever touched.

// "NAME.partial-PID-N" for what is going to be NAME, another one each time. Where that is longer
// than a name may be, NAME's hash stands for it.
std::string partial_name(std::string_view name);
bool is_partial_name_of(std::string_view candidate, std::string_view name);
// As partial_name(), for what is kept for the user and never cleaned up: "NAME.kept-PID-N".
std::string kept_name(std::string_view name);

// Makes and locks it. Returns its descriptor (a file's for writing), or -1 with errno; EEXIST where
// the name is taken. Where there are no locks (some network folders) it stays unlocked, and nothing
// is lost but the tidying after a crash.
int create_owned_file(const std::filesystem::path& path, mode_t mode);
int create_owned_folder(const std::filesystem::path& path, mode_t mode);

// Removes a regular file that has lost its owner. False where it is none, belongs to another user
// or is in use.
bool remove_abandoned_file(const std::filesystem::path& path);
// Removes a folder that has lost its owner, with the regular files in it whose names are `ours`;
// anything else in it stays, and the folder with it.
bool remove_abandoned_folder(const std::filesystem::path& path,
                             const std::function<bool(std::string_view name)>& ours);

// Calls `remove(path)` for each entry of `folder` whose name `matches`.
void each_entry(const std::filesystem::path& folder,
                const std::function<bool(std::string_view name)>& matches,
                const std::function<void(const std::filesystem::path& path)>& use);

}  // namespace hone
