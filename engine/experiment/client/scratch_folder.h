// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

namespace hone {

// A private folder (0700) for spool files in the folder for temporary files, locked while this
// lives and removed with it. What clients that were killed left there is removed first. Throws
// Error where there is no place for it.
class ScratchFolder {
public:
    ScratchFolder();
    ~ScratchFolder();
    ScratchFolder(const ScratchFolder&) = delete;
    ScratchFolder& operator=(const ScratchFolder&) = delete;

    // Names are "window….logprobs" and "events.trace": others would not be removed.
    std::string file(const std::string& name) const { return (path_ / name).string(); }

private:
    std::filesystem::path path_;
    int descriptor_ = -1;
};

}  // namespace hone
