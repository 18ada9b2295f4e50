// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/core/progress.h"
#include "engine/formats/checkpoint.h"

namespace hone {

using TokenId = std::int32_t;

// Whether "<|im_start|>" in a text becomes the control token. Added tokens that are not control
// tokens are found in any text.
enum class SpecialTokens { as_text, parse };

// What words became: a piece of text is looked up before its bytes are merged. Holds at most
// `capacity` pieces; those that come later are computed each time. For one thread. The ids are the
// same with and without it.
class MergeCache {
public:
    explicit MergeCache(std::size_t capacity = 1 << 16) : capacity_(capacity) {}
    std::int64_t hits() const { return hits_; }
    std::int64_t misses() const { return misses_; }
    void clear() { pieces_.clear(); }  // hits and misses count on

private:
    friend class Tokenizer;
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const {
            return std::hash<std::string_view>()(text);
        }
    };
    std::size_t capacity_;
    std::int64_t hits_ = 0, misses_ = 0;
    std::unordered_map<std::string, std::vector<TokenId>, Hash, std::equal_to<>> pieces_;
};

// Text to ids and back. Immutable after construction; safe to share between threads.
class Tokenizer {
public:
    // From tokenizer.ggml.* metadata. Throws Error for a kind or pre-tokeniser that is not
    // supported, by name.
    static Tokenizer from_checkpoint(const Checkpoint& checkpoint);

    ~Tokenizer();
    Tokenizer(Tokenizer&&) noexcept;
    Tokenizer& operator=(Tokenizer&&) noexcept;

    // No BOS is added: see adds_bos(). Invalid UTF-8 is encoded byte by byte. Takes texts below 4
    // GiB, in time in proportion to them; throws Cancelled.
    std::vector<TokenId> encode(std::string_view text,
                                SpecialTokens specials = SpecialTokens::as_text,
                                MergeCache* cache = nullptr, const Progress& progress = {}) const;
    // Control tokens are written as their text. Throws Error for an id outside the vocabulary.
    std::string decode(std::span<const TokenId> ids) const;
    // The bytes of one token: may be part of a UTF-8 character.
    std::string token_bytes(TokenId id) const;

    std::int64_t size() const;
    bool adds_bos() const;
    std::optional<TokenId> bos() const;
    std::optional<TokenId> eos() const;
    bool is_end_of_generation(TokenId id) const;  // tokenizer.ggml.eos_token_id and eos_token_ids
    std::string_view kind() const;                // "gpt2 (smollm)", "bytes", …: shown to users

private:
    struct Impl;
    void encode_plain(std::string_view text, MergeCache* cache, const Progress& progress,
                      std::vector<TokenId>& ids) const;
    explicit Tokenizer(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

// Turns a stream of token bytes into whole UTF-8 characters: holds back the bytes of a character
// that is not complete.
class Utf8Stream {
public:
    std::string push(
        std::string_view bytes);  // the complete characters so far; invalid bytes become U+FFFD
    std::string finish();         // what is left, as U+FFFD

private:
    std::string pending_;
};

}  // namespace hone
