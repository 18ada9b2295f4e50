// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/formats/checkpoint.h"
#include "engine/formats/hugging_face/json_file.h"

namespace hone::hf {

using Metadata = std::map<std::string, MetadataValue, std::less<>>;

// Llama 3.1's scaling of rotary frequencies (transformers, modeling_rope_utils.py): long waves are slowed by `factor`, short
// ones stay, those between are mixed.
struct Llama3Scaling {
    double factor = 8, low_freq_factor = 1, high_freq_factor = 4;
    std::int64_t original_context = 8192;

    // What each of the rotary_dim/2 frequencies is divided by, as rope_freqs.weight holds it.
    std::vector<float> factors(double theta, std::int64_t rotary_dim) const;
};

// What of config.json says where tensors lie and what they are.
struct LlamaLayout {
    std::int64_t n_layers = 0, n_vocab = 0, n_heads = 0, n_kv_heads = 0, head_dim = 0;
    bool tied_embeddings = false;
    std::vector<float> rope_factors;  // empty without llama3 scaling
};

// Adds what config.json says to `metadata` under GGUF's keys. Throws Error for whatever is not a plain llama: another
// architecture, biases, another activation, a quantised checkpoint, a scaling other than linear and llama3, …
LlamaLayout read_config(const JsonObject& config, Metadata& metadata);

// The layout of a checkpoint from its metadata and tensors. Throws Error where a Hugging Face llama cannot be that.
LlamaLayout layout_of(const Checkpoint& checkpoint);

// config.json of that checkpoint.
nlohmann::ordered_json write_config(const Checkpoint& checkpoint, const LlamaLayout& layout);

}  // namespace hone::hf
