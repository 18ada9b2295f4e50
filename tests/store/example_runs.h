// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "profiler/store/store.h"

namespace hone::profiler {

// A folder of its own for a test, removed with it.
class TemporaryFolder {
public:
    TemporaryFolder();
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    std::filesystem::path operator/(const char* name) const { return path_ / name; }
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

NewRun example_run(const std::string& label = "baseline");
Sample example_repetition(int index, double tokens_per_second);

}  // namespace hone::profiler
