// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>

#include "engine/formats/source_file.h"

namespace hone {

// A whole regular file, mapped read-only. Throws Error where it is missing, not a regular file, or
// cannot be mapped; `expected` says in it what should have been there.
class MappedFile {
public:
    static std::shared_ptr<const MappedFile> open(
        const std::filesystem::path& path, std::string_view expected = "a readable GGUF file");
    ~MappedFile();
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;

    std::span<const std::byte> bytes() const { return bytes_; }
    const SourceFile& identity() const { return identity_; }

private:
    MappedFile() = default;
    std::span<const std::byte> bytes_;
    SourceFile identity_;
};

// The path, as a JSON text in quotes, of the mapped file that `address` lies in; null where none
// does. For a handler of SIGBUS, which comes where a mapped file was cut short: takes no lock and
// no memory.
const char* quoted_path_of_mapping(const void* address) noexcept;

}  // namespace hone
