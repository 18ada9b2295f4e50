// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/formats/checkpoint.h"

namespace hone {

using TokenId = std::int32_t;

enum class SpecialTokens { as_text, parse };  // whether "<|im_start|>" in the text becomes the control token

// Text to ids and back. Immutable after construction; safe to share between threads.
class Tokenizer {
public:
    // From tokenizer.ggml.* metadata. Throws Error for a kind or pre-tokeniser that is not supported, by name.
    static Tokenizer from_checkpoint(const Checkpoint& checkpoint);

    ~Tokenizer();
    Tokenizer(Tokenizer&&) noexcept;
    Tokenizer& operator=(Tokenizer&&) noexcept;

    // No BOS is added: see adds_bos(). Invalid UTF-8 is encoded byte by byte.
    std::vector<TokenId> encode(std::string_view text, SpecialTokens specials = SpecialTokens::as_text) const;
    // Control tokens are written as their text. Throws Error for an id outside the vocabulary.
    std::string decode(std::span<const TokenId> ids) const;
    // The bytes of one token: may be part of a UTF-8 character.
    std::string token_bytes(TokenId id) const;

    std::int64_t size() const;
    bool adds_bos() const;
    std::optional<TokenId> bos() const;
    std::optional<TokenId> eos() const;
    bool is_end_of_generation(TokenId id) const;  // eos, <|im_end|>, <|endoftext|>, …
    std::string_view kind() const;                // "gpt2 (smollm)", "bytes", …: shown to users

private:
    struct Impl;
    explicit Tokenizer(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

// Turns a stream of token bytes into whole UTF-8 characters: holds back the bytes of a character that is not complete.
class Utf8Stream {
public:
    std::string push(std::string_view bytes);  // the complete characters so far; invalid bytes become U+FFFD
    std::string finish();                      // what is left, as U+FFFD

private:
    std::string pending_;
};

}  // namespace hone
