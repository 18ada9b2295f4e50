// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace hone::hf {

// The `pre_tokenizer` of tokenizer.json for GGUF's tokenizer.ggml.pre ("smollm", "gpt-2", "default", "llama-bpe"); null for
// others.
nlohmann::json pre_tokenizer_named(std::string_view name);

// GGUF's name of that pre-tokeniser; empty where it has none here.
std::string name_of_pre_tokenizer(const nlohmann::json& pre_tokenizer);

// Whether words that are tokens are taken whole, whatever the merges would make of them: `model.ignore_merges`.
bool takes_whole_words(std::string_view name);

}  // namespace hone::hf
