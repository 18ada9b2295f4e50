// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "engine/core/progress.h"
#include "engine/formats/checkpoint.h"
#include "engine/formats/written.h"

namespace hone {

// A Hugging Face model: a folder with config.json, tokenizer.json and model.safetensors, or several
// such files with model.safetensors.index.json. Llama alone; what becomes of names, rows and keys
// is in docs/formats.md.

// The folder that `path` is, or lies in where it is a file of a model (config.json, *.safetensors,
// their index); empty where it is neither.
std::filesystem::path hugging_face_folder(const std::filesystem::path& path);

// Every size is checked against the bytes that remain. Tensors stay mapped, but for q and k, whose
// rows GGUF orders otherwise, and vectors that are not F32, which GGUF has in F32. `weights`: false
// leaves q and k without data, so that nothing is copied.
Checkpoint read_hugging_face(const std::filesystem::path& folder, bool weights = true);

// From this size on, weights are written to several files with an index.
inline constexpr std::int64_t kShardBytes = 5'000'000'000;

// Writes `checkpoint` as such a folder, with the types that its tensors have: F32, F16 and BF16,
// others are refused. Atomic: free-space check, a temporary folder beside it, fsync, every file
// read again and compared, rename. A folder that is there is replaced where it holds nothing but
// files of such a model, and refused otherwise. On any failure or cancel the temporary folder is
// removed and what was there is untouched. In two steps, as prepare_gguf().
Written prepare_hugging_face(const Checkpoint& checkpoint, const std::filesystem::path& folder,
                             Existing existing, const Progress& progress,
                             std::int64_t shard_bytes = kShardBytes);
// Both at once, over a folder that is there. Returns the bytes of all files.
std::int64_t write_hugging_face(const Checkpoint& checkpoint, const std::filesystem::path& folder,
                                const Progress& progress, std::int64_t shard_bytes = kShardBytes);

// The exact bytes that write_hugging_face would need. Needs no tensor data. Throws Error as it does
// for what cannot be written.
std::int64_t hugging_face_size(const Checkpoint& checkpoint);

}  // namespace hone
