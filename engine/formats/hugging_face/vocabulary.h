// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/formats/hugging_face/config.h"

namespace hone::hf {

// The tokens of a folder by id, gathered from tokenizer.json and tokenizer_config.json.
class Vocabulary {
public:
    explicit Vocabulary(std::int64_t size)
        : tokens_(static_cast<std::size_t>(size)),
          types_(tokens_.size(), kUnused),
          flags_(tokens_.size()) {}

    std::size_t size() const { return tokens_.size(); }
    std::optional<std::int64_t> find(std::string_view text) const;
    const std::string& text(std::int64_t id) const { return tokens_[static_cast<std::size_t>(id)]; }

    // A token of the model's own vocabulary. Throws Error naming `where` and `key` for an id that
    // is none, or another's.
    void add(const JsonObject& where, std::string_view key, const std::string& text,
             const nlohmann::json& id);
    // An added token, or another saying about one: {"content", "special", "lstrip", "rstrip",
    // "single_word", "normalized"}.
    void add_added(const JsonObject& where, const std::string& key, const nlohmann::json& id,
                   const nlohmann::json& entry);
    // A token that the settings name as special, and no list of added tokens: it is found in texts
    // as one.
    void make_special(std::int64_t id);

    // Writes tokenizer.ggml.tokens and token_type, and the flags of added tokens. An embedding may
    // have more rows than there are tokens: the rest are unused ones.
    void write(Metadata& metadata);

private:
    // tokenizer.ggml.token_type of the GGUF format.
    static constexpr std::int32_t kNormal = 1, kControl = 3, kUserDefined = 4, kUnused = 5;
    struct Flags {
        bool strips_left = false, strips_right = false, single_word = false, normalized = false;
    };
    std::size_t place(const JsonObject& where, std::string_view key, const std::string& text,
                      const nlohmann::json& id, std::int32_t type);
    void write_flag(Metadata& metadata, const char* key, bool Flags::*flag) const;

    std::vector<std::string> tokens_;
    std::vector<std::int32_t> types_;
    std::vector<Flags> flags_;
    std::unordered_map<std::string, std::int64_t> ids_;
};

}  // namespace hone::hf
