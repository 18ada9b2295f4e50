// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace hone::fuzz {

// Bytes under a path, in memory alone: thousands of inputs a second must not wait for a disk.
class MemoryFile {
public:
    explicit MemoryFile(std::string_view bytes);
    ~MemoryFile();
    MemoryFile(const MemoryFile&) = delete;
    MemoryFile& operator=(const MemoryFile&) = delete;
    std::filesystem::path path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

private:
    int descriptor_;
};

// A folder of a test fixture's files, in memory where the system has such a place, in which one
// file is written anew for each input.
class FixtureFolder {
public:
    explicit FixtureFolder(std::string_view fixture);
    ~FixtureFolder();
    FixtureFolder(const FixtureFolder&) = delete;
    FixtureFolder& operator=(const FixtureFolder&) = delete;
    const std::filesystem::path& path() const { return path_; }
    void write(std::string_view file, std::string_view bytes) const;

private:
    std::filesystem::path path_;
};

std::string file_bytes(const std::filesystem::path& file);
// The bytes of a file in tests/fixtures.
std::string fixture_bytes(const std::filesystem::path& file);

}  // namespace hone::fuzz
