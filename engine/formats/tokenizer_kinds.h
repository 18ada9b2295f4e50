// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace hone {

// How a text is cut into words before byte pairs are merged.
enum class TextCut : std::uint8_t {
    gpt2,
    smollm,   // each digit alone, then as GPT-2
    llama3,   // up to three digits, line breaks apart
    qwen2,    // the same with each digit alone
    standard  // llama.cpp's answer where a file names none, or "default"
};

// What llama.cpp (src/llama-vocab.cpp) means by a name under `tokenizer.ggml.pre`.
struct TokenizerKind {
    std::string_view name;
    TextCut cut;
    bool whole_words;  // a word that is a token is taken whole, whatever the merges would make of
                       // it: `ignore_merges`
    bool adds_bos;     // where `tokenizer.ggml.add_bos_token` is absent
};

// All that are supported; the first of each cut is the one that is written.
std::span<const TokenizerKind> tokenizer_kinds();
// Null for a name that is not supported.
const TokenizerKind* tokenizer_kind(std::string_view name);
// "gpt-2, phi-2, …": for errors.
std::string tokenizer_kind_names();

// Keys under which a checkpoint keeps what tokenizer.json says and GGUF has no key for; llama.cpp
// does not look at them.
namespace tokenizer_keys {
inline constexpr const char* kUnknown = "tokenizer.hone.unknown_id";  // for a byte without a token
inline constexpr const char* kFuseUnknown =
    "tokenizer.hone.fuse_unknown";  // one for several such bytes
inline constexpr const char* kNormalizer =
    "tokenizer.hone.normalizer";  // "nfc": texts are composed first
// Arrays of ids of added tokens: those that take the white space before or after them, that only
// stand alone, and that are looked for after the others (`lstrip`, `rstrip`, `single_word`,
// `normalized`).
inline constexpr const char* kStripsLeft = "tokenizer.hone.lstrip_ids";
inline constexpr const char* kStripsRight = "tokenizer.hone.rstrip_ids";
inline constexpr const char* kSingleWord = "tokenizer.hone.single_word_ids";
inline constexpr const char* kNormalized = "tokenizer.hone.normalized_ids";
}  // namespace tokenizer_keys

}  // namespace hone
