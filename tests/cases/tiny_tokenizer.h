// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine/core/error.h"
#include "engine/formats/checkpoint.h"
#include "engine/tokenizer/tokenizer.h"

namespace hone {

// A byte-level vocabulary in GPT-2's alphabet: three control tokens, the 256 bytes (the byte b has
// the id b + 3), and what the merges make: "th", "he", "the" and " the" from 259 on. More tokens
// follow from kTinyEnd on.
struct TinyTokenizer {
    TinyTokenizer();

    std::vector<std::string> tokens;
    std::vector<std::int32_t> types;  // of GGUF
    std::vector<std::string> merges;
    nlohmann::json added = nlohmann::json::array();  // of tokenizer.json

    void add(const std::string& token, std::int32_t type = 1);
    // With {"lstrip": true, …} beside what an added token has anyway.
    void add_added(const std::string& token, const nlohmann::json& flags);
    void merge(const std::string& left, const std::string& right);

    // As a GGUF file's metadata: kind, cut (none for ""), tokens, types and merges, and no other
    // key of a tokeniser.
    Checkpoint gguf(const std::string& pre = "gpt-2") const;
    // tokenizer.json, with the pre-tokeniser of `pre`.
    nlohmann::json json(const std::string& pre = "gpt-2") const;
};
inline constexpr std::int32_t kTinyEnd = 263;

// With what opening the file would answer.
Checkpoint answered(Checkpoint checkpoint);

// What a folder with this tokenizer.json and, where it is no null, tokenizer_config.json says. Ids
// up to `n_vocab`; as many as the vocabulary has where it is 0. Throws Error as opening the folder
// would.
Checkpoint read_tokenizer_folder(const nlohmann::json& tokenizer,
                                 const nlohmann::json& settings = nullptr,
                                 std::int64_t n_vocab = 0);
// What writing a checkpoint as a folder and reading that makes of its tokeniser.
Checkpoint through_a_folder(const Checkpoint& checkpoint);

std::vector<TokenId> ids(const Checkpoint& checkpoint, std::string_view text,
                         SpecialTokens specials = SpecialTokens::as_text);
// Every byte's own id.
std::vector<TokenId> byte_ids(std::string_view bytes);
bool has_note(const Checkpoint& checkpoint, std::string_view words);
// "FIELD: found FOUND" of the Error that `action` throws; empty where it throws none.
template <typename Action>
std::string refusal(const Action& action) {
    try {
        action();
    } catch (const Error& error) {
        return error.details().field + ": found " + error.details().found;
    }
    return "";
}

}  // namespace hone
