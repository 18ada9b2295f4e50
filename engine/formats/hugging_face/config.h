// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/formats/checkpoint.h"
#include "engine/formats/hugging_face/json_file.h"

namespace hone::hf {

using Metadata = std::map<std::string, MetadataValue, std::less<>>;

// What of config.json says where tensors lie and what they are.
struct FolderLayout {
    const Family* family = nullptr;
    ModelShape shape;
    std::vector<float> rope_factors;  // empty without llama3 scaling
};

// Adds what config.json says to `metadata` under GGUF's keys, and to `notes` what transformers'
// default answers and what is not used. Throws Error for whatever is no plain model of a supported
// family: another activation, a quantised checkpoint, a scaling of the rotation other than linear
// and llama3, any other key that changes what is computed.
FolderLayout read_config(const JsonObject& config, Metadata& metadata,
                         std::vector<std::string>& notes);

// The layout of a checkpoint from its metadata and tensors. Throws Error where a Hugging Face model
// of its family cannot be that.
FolderLayout layout_of(const Checkpoint& checkpoint);

// config.json of that checkpoint.
nlohmann::ordered_json write_config(const Checkpoint& checkpoint, const FolderLayout& layout);

}  // namespace hone::hf
