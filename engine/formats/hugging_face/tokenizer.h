// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "engine/formats/hugging_face/config.h"

namespace hone::hf {

// Adds what tokenizer.json, tokenizer_config.json, chat_template.jinja and generation_config.json
// of `folder` say to `metadata` under GGUF's tokenizer.* keys; the first is required. Ids up to
// `n_vocab` that have no token get unused ones. What they say and is not followed goes to `notes`.
// Throws Error for a tokeniser other than byte-level BPE with a pre-tokeniser that is supported
// (tokenizer_kinds.h).
void read_tokenizer(const std::filesystem::path& folder, const JsonObject& config,
                    std::int64_t n_vocab, Metadata& metadata, std::vector<std::string>& notes);

// Those files of a checkpoint, by name. Throws Error naming the source and the key for a tokeniser
// that they cannot hold.
std::map<std::string, std::string> write_tokenizer(const Checkpoint& checkpoint);

}  // namespace hone::hf
