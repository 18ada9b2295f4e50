// SPDX-License-Identifier: Apache-2.0
#include "engine/formats/hugging_face/vocabulary.h"

#include <fmt/format.h>

#include "engine/formats/tokenizer_kinds.h"

namespace hone::hf {

using Json = nlohmann::json;

std::optional<std::int64_t> Vocabulary::find(std::string_view text) const {
    const auto found = ids_.find(std::string(text));
    return found == ids_.end() ? std::nullopt : std::optional(found->second);
}

std::size_t Vocabulary::place(const JsonObject& where, std::string_view key,
                              const std::string& text, const Json& id, std::int32_t type) {
    if (!id.is_number_unsigned() || id.get<std::uint64_t>() >= tokens_.size())
        where.fail(key, excerpt(id),
                   fmt::format("an id below config.json's vocab_size, {}", tokens_.size()));
    const auto at = id.get<std::size_t>();
    if (types_[at] != kUnused && tokens_[at] != text)
        where.fail(key, fmt::format("id {}, which {} has", at, excerpt(Json(tokens_[at]))),
                   "each id once");
    const auto [earlier, added] = ids_.emplace(text, static_cast<std::int64_t>(at));
    if (!added && earlier->second != static_cast<std::int64_t>(at))
        where.fail(key, fmt::format("ids {} and {}", earlier->second, at), "one id a token");
    tokens_[at] = text;
    types_[at] = type;
    return at;
}

void Vocabulary::add(const JsonObject& where, std::string_view key, const std::string& text,
                     const Json& id) {
    place(where, key, text, id, kNormal);
}

void Vocabulary::add_added(const JsonObject& where, const std::string& key, const Json& id,
                           const Json& entry) {
    const auto content = entry.is_object() ? entry.find("content") : entry.end();
    if (!entry.is_object() || content == entry.end() || !content->is_string() ||
        content->get_ref<const std::string&>().empty())
        where.fail(key, excerpt(entry), "an object with a content, which is not empty");
    const auto flag = [&](const char* name) {
        const auto found = entry.find(name);
        if (found == entry.end() || found->is_null()) return false;
        if (!found->is_boolean()) where.fail(key + "." + name, excerpt(*found), "true or false");
        return found->get<bool>();
    };
    const std::size_t at = place(where, key, content->get<std::string>(), id,
                                 flag("special") ? kControl : kUserDefined);
    flags_[at] = {flag("lstrip"), flag("rstrip"), flag("single_word"), flag("normalized")};
}

void Vocabulary::make_special(std::int64_t id) {
    std::int32_t& type = types_[static_cast<std::size_t>(id)];
    if (type == kNormal) type = kControl;
}

void Vocabulary::write_flag(Metadata& metadata, const char* key, bool Flags::*flag) const {
    std::vector<std::int32_t> ids;
    for (std::size_t i = 0; i < flags_.size(); ++i) {
        if (flags_[i].*flag) ids.push_back(static_cast<std::int32_t>(i));
    }
    if (!ids.empty()) metadata[key] = MetadataArray(std::move(ids));
}

void Vocabulary::write(Metadata& metadata) {
    for (std::size_t id = 0; id < tokens_.size(); ++id) {
        if (types_[id] == kUnused) tokens_[id] = fmt::format("[PAD{}]", id);
    }
    write_flag(metadata, tokenizer_keys::kStripsLeft, &Flags::strips_left);
    write_flag(metadata, tokenizer_keys::kStripsRight, &Flags::strips_right);
    write_flag(metadata, tokenizer_keys::kSingleWord, &Flags::single_word);
    write_flag(metadata, tokenizer_keys::kNormalized, &Flags::normalized);
    metadata["tokenizer.ggml.tokens"] = MetadataArray(std::move(tokens_));
    metadata["tokenizer.ggml.token_type"] = MetadataArray(std::move(types_));
}

}  // namespace hone::hf
