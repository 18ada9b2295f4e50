// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "engine/core/progress.h"
#include "engine/formats/checkpoint.h"
#include "engine/formats/written.h"

namespace hone {

// GGUF v2 and v3, little-endian: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. Every
// size is checked against the bytes that remain before anything is allocated.
Checkpoint read_gguf(const std::filesystem::path& path);

// Writes `checkpoint` as GGUF v3 with alignment 32: metadata in key order (general.architecture
// first), tensors in order, each in info(type).gguf_carrier (int8 per channel as Q8_0, int4 groups
// as Q4_0: exact). Sets general.file_type, general.alignment and general.quantization_version.
// Atomic: free-space check, a temporary sibling, fsync, re-open with read_gguf and compare every
// tensor's hash, rename, fsync of the directory. On any failure or cancel the temporary file is
// removed and an existing target is untouched. In two steps, so that somebody may look at the file
// before it takes its place.
Written prepare_gguf(const Checkpoint& checkpoint, const std::filesystem::path& path,
                     Existing existing, const Progress& progress);
// Both at once, over a file that is there. Returns the file's size in bytes.
std::int64_t write_gguf(const Checkpoint& checkpoint, const std::filesystem::path& path,
                        const Progress& progress);

// The exact bytes that write_gguf would need for `checkpoint`.
std::int64_t gguf_size(const Checkpoint& checkpoint);

}  // namespace hone
