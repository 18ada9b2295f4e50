// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engine/formats/source_file.h"

namespace hone::hf {

// Throws Error where the file `name` of `folder` is a link that leads out of it. A link may lead to
// a file inside the folder, or, where the folder is a snapshot of the Hugging Face cache
// (REPOSITORY/snapshots/REVISION), into that repository's own `blobs`. `file` and `field` say in
// the error who named it. A file that is not there is nobody's link.
void require_inside(const std::filesystem::path& folder, const std::string& name,
                    const std::string& file, const std::string& field);

// All files beside the weights that a model may consist of, whoever reads them: each checked by
// require_inside, before any of them is opened. Returns which files they are.
std::vector<SourceFile> checked_side_files(const std::filesystem::path& folder);

// Throws Error that says what is in a folder without config.json: an adapter, a GGUF file,
// PyTorch's weights, nothing, or that it may not be read.
[[noreturn]] void refuse_folder(const std::filesystem::path& folder, const std::string& source);

// The *.safetensors files of the folder, in alphabetical order.
std::vector<std::string> safetensors_files(const std::filesystem::path& folder);

}  // namespace hone::hf
