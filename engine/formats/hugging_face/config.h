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
struct LlamaLayout {
    std::int64_t n_layers = 0, n_vocab = 0, n_heads = 0, n_kv_heads = 0, head_dim = 0;
    bool tied_embeddings = false;
    std::vector<float> rope_factors;  // empty without llama3 scaling
};

// Adds what config.json says to `metadata` under GGUF's keys, and to `notes` what transformers' default answers and what is not used.
// Throws Error for whatever is not a plain llama: another architecture, biases, another activation, a quantised checkpoint, a scaling
// other than linear and llama3, any other key that changes what is computed.
LlamaLayout read_config(const JsonObject& config, Metadata& metadata, std::vector<std::string>& notes);

// The layout of a checkpoint from its metadata and tensors. Throws Error where a Hugging Face llama cannot be that.
LlamaLayout layout_of(const Checkpoint& checkpoint);

// config.json of that checkpoint.
nlohmann::ordered_json write_config(const Checkpoint& checkpoint, const LlamaLayout& layout);

}  // namespace hone::hf
