// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace hone {

// Why a file that somebody named cannot be read whole, to be put behind "found": "nothing of that
// name", "a folder", "a pipe", "20000000 B, more than 16777216".
class FileProblem : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// The bytes of a regular file of at most `limit` bytes. Anything else is told at once: a pipe is
// not waited for, a device not opened, and what grows while it is read is not read past the limit.
// Throws FileProblem.
std::string read_small_file(const std::filesystem::path& path, std::size_t limit);

}  // namespace hone
