// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "engine/core/progress.h"
#include "engine/formats/checkpoint.h"
#include "engine/formats/written.h"

namespace hone {

// A format that checkpoints are exported in.
struct FileFormat {
    std::string_view id;  // "gguf", "safetensors": options, JSON
    // The exact bytes that `write` would need, without needing tensor data. Throws Error for what
    // the format cannot hold.
    std::int64_t (*size)(const Checkpoint& checkpoint);
    // Writes and reads back beside `path`; what it returns has yet to take its place there.
    Written (*prepare)(const Checkpoint& checkpoint, const std::filesystem::path& path,
                       Existing existing, const Progress& progress);
};

// Throws Error listing the known ids.
const FileFormat& file_format(std::string_view id);

}  // namespace hone
