// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engine/formats/hugging_face/vocabulary.h"

namespace hone::hf {

// Adds what tokenizer_config.json, chat_template.jinja, generation_config.json and the
// post-processor of tokenizer.json say to `vocabulary` and `metadata`, and to `notes` what of it is
// not followed. Throws Error naming file and field.
void read_settings(const std::filesystem::path& folder, const JsonObject& config,
                   const JsonObject& tokenizer, Vocabulary& vocabulary, Metadata& metadata,
                   std::vector<std::string>& notes);

}  // namespace hone::hf
