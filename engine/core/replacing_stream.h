// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <ostream>

#include "engine/core/replacing_file.h"

namespace hone {

// Writes what `write` puts into a stream to a file that takes its target's place once it is whole:
// large texts need not be in memory. What was there stays where anything fails. Returns where
// something is kept, as ReplacingFile::commit(). Throws Error.
std::filesystem::path write_replacing(const std::filesystem::path& target, Existing existing,
                                      const std::function<void(std::ostream&)>& write);

}  // namespace hone
