// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>

namespace hone {

// A whole regular file, mapped read-only. Throws Error where it is missing, not a regular file, or cannot be mapped.
class MappedFile {
public:
    static std::shared_ptr<const MappedFile> open(const std::filesystem::path& path);
    ~MappedFile();
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;

    std::span<const std::byte> bytes() const { return bytes_; }

private:
    MappedFile() = default;
    std::span<const std::byte> bytes_;
};

}  // namespace hone
