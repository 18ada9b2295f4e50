// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/formats/checkpoint.h"
#include "engine/formats/tokenizer_kinds.h"
#include "engine/tokenizer/added_tokens.h"

namespace hone {

// What a checkpoint says about its tokeniser, looked over: every array has its type and one entry a
// token, every id is a token's.
struct TokenizerFacts {
    bool bytes =
        false;  // the byte tokeniser of synthetic checkpoints: there are neither kind nor merges
    std::string pre;       // the kind's name, as the file has it
    TokenizerKind kind{};  // how texts are cut
    // The checkpoint's, as long as it lives: in GPT-2's printable byte alphabet, but for added
    // ones.
    const std::vector<std::string>* tokens = nullptr;
    const std::vector<std::string>* merges = nullptr;
    std::vector<AddedToken> added;
    bool composes = false;  // texts are brought into Unicode's form NFC before they are cut
    bool adds_bos = false;
    std::optional<std::int32_t> bos, eos;
    std::vector<std::int32_t> ends;  // of a generation; with eos
    std::optional<std::int32_t>
        unknown;  // for a byte without a token, which is dropped where there is none
    bool fuses_unknown = false;
};

// Throws Error naming the source and the key for a fact that is missing, damaged or not supported.
// What an absent key means was answered by the reader already: see tokenizer_defaults.h.
TokenizerFacts read_tokenizer_facts(const Checkpoint& checkpoint);

}  // namespace hone
