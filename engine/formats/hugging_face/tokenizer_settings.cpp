// SPDX-License-Identifier: Apache-2.0
#include "engine/formats/hugging_face/tokenizer_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "engine/base/printable.h"
#include "engine/base/utf8.h"
#include "engine/core/error.h"
#include "engine/formats/hugging_face/post_processor.h"
#include "engine/formats/mapped_file.h"

namespace hone::hf {
namespace {

using Json = nlohmann::json;

constexpr const char* kBos = "tokenizer.ggml.bos_token_id";
constexpr const char* kEos = "tokenizer.ggml.eos_token_id";
constexpr std::size_t kMaxTemplate = std::size_t{1} << 20;

std::optional<JsonObject> optional_file(const std::filesystem::path& path) {
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) return std::nullopt;
    return JsonObject::read(path);
}

class SettingsReader {
public:
    SettingsReader(const std::filesystem::path& folder, const JsonObject& config,
                   const JsonObject& tokenizer, Vocabulary& vocabulary, Metadata& metadata,
                   std::vector<std::string>& notes)
        : folder_(folder),
          config_(config),
          tokenizer_(tokenizer),
          settings_(optional_file(folder / "tokenizer_config.json")),
          generation_(optional_file(folder / "generation_config.json")),
          vocabulary_(vocabulary),
          metadata_(metadata),
          notes_(notes) {}

    void read() {
        if (settings_) {
            read_added_tokens();
            read_extra_tokens();
            if (settings_->flag("add_prefix_space").value_or(false))
                settings_->fail("add_prefix_space", "false: no space is put before a text");
        }
        read_special("bos_token", "bos_token_id", kBos);
        read_special("eos_token", "eos_token_id", kEos);
        read_ends();
        read_special("pad_token", "pad_token_id", "tokenizer.ggml.padding_token_id");
        read_special("unk_token", "unk_token_id", "tokenizer.ggml.unknown_token_id");
        read_bos();
        read_chat_template();
    }

private:
    void read_added_tokens();
    void read_extra_tokens();
    void read_special(const char* token, const char* id, const char* key);
    void read_ends();
    void read_bos();
    void read_chat_template();
    std::int64_t named(const std::string& field, const Json& named);
    std::vector<std::int64_t> configured_ids(const JsonObject& file, const char* name) const;
    std::optional<std::int64_t> configured_id(const JsonObject& file, const char* name) const;

    std::filesystem::path folder_;
    const JsonObject& config_;
    const JsonObject& tokenizer_;
    std::optional<JsonObject> settings_,
        generation_;  // tokenizer_config.json, generation_config.json
    Vocabulary& vocabulary_;
    Metadata& metadata_;
    std::vector<std::string>& notes_;
};

// transformers adds these again, with what they say here, by the ids that are their keys.
void SettingsReader::read_added_tokens() {
    const std::optional<JsonObject> added = settings_->object("added_tokens_decoder");
    if (!added) return;
    for (const auto& [key, entry] : added->json().items()) {
        std::uint64_t id = 0;
        const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), id);
        if (error != std::errc() || end != key.data() + key.size())
            settings_->fail("added_tokens_decoder", "'" + printable(key) + "'", "ids");
        vocabulary_.add_added(*settings_, "added_tokens_decoder." + key, id, entry);
    }
}

// The id of a token that the settings name, by its text or as an object with its content. It is a
// special one, whatever tokenizer.json says.
std::int64_t SettingsReader::named(const std::string& field, const Json& named) {
    const Json& text = named.is_object() && named.contains("content") ? named["content"] : named;
    if (!text.is_string()) settings_->fail(field, excerpt(named), "a token's text");
    const auto found = vocabulary_.find(text.get<std::string>());
    if (!found) settings_->fail(field, excerpt(named), "a token of tokenizer.json");
    vocabulary_.make_special(*found);
    return *found;
}

void SettingsReader::read_extra_tokens() {
    for (const char* key : {"additional_special_tokens", "extra_special_tokens"}) {
        const Json* tokens = settings_->find(key);
        if (tokens == nullptr) continue;
        if (!tokens->is_array() && !tokens->is_object()) settings_->fail(key, "tokens");
        for (const auto& [name, token] : tokens->items())
            named(fmt::format("{}.{}", key, name), token);
    }
}

// One, none, or several in an array.
std::vector<std::int64_t> SettingsReader::configured_ids(const JsonObject& file,
                                                         const char* name) const {
    const Json* value = file.find(name);
    if (value == nullptr) return {};
    std::vector<std::int64_t> ids;
    for (const Json& id : value->is_array() ? *value : Json::array({*value})) {
        // Some files say −1 for "none".
        if (id.is_number_integer() && id == -1) continue;
        if (!id.is_number_unsigned() || id.get<std::uint64_t>() >= vocabulary_.size())
            file.fail(name, fmt::format("an id below vocab_size, {}", vocabulary_.size()));
        ids.push_back(id.get<std::int64_t>());
    }
    return ids;
}

std::optional<std::int64_t> SettingsReader::configured_id(const JsonObject& file,
                                                          const char* name) const {
    const std::vector<std::int64_t> ids = configured_ids(file, name);
    return ids.empty() ? std::nullopt : std::optional(ids.front());
}

// GGUF has a key for one end, and config.json and generation_config.json may name several: then all
// are kept beside it, the one that the tokeniser names first.
void SettingsReader::read_ends() {
    std::vector<std::int32_t> ends;
    const auto add = [&ends](std::int64_t id) {
        const auto end = static_cast<std::int32_t>(id);
        if (std::find(ends.begin(), ends.end(), end) == ends.end()) ends.push_back(end);
    };
    if (const auto eos = metadata_.find(kEos); eos != metadata_.end())
        add(std::get<std::uint32_t>(eos->second));
    const std::array<const JsonObject*, 2> files{generation_ ? &*generation_ : nullptr, &config_};
    for (const JsonObject* file : files) {
        if (file == nullptr) continue;
        for (const std::int64_t id : configured_ids(*file, "eos_token_id")) add(id);
    }
    if (ends.size() > 1) metadata_["tokenizer.ggml.eos_token_ids"] = MetadataArray(std::move(ends));
}

// By its text in tokenizer_config.json, else by its id.
void SettingsReader::read_special(const char* token, const char* id, const char* key) {
    std::optional<std::int64_t> chosen = configured_id(config_, id);
    if (!chosen && generation_) chosen = configured_id(*generation_, id);
    const Json* text = settings_ ? settings_->find(token) : nullptr;
    if (text != nullptr) chosen = named(token, *text);
    if (chosen) metadata_[key] = static_cast<std::uint32_t>(*chosen);
}

// Whether texts begin with a BOS is what tokenizer.json's post-processor does, in transformers 5
// too, whatever the settings say.
void SettingsReader::read_bos() {
    const TokensAround around =
        tokens_around(tokenizer_, static_cast<std::int64_t>(vocabulary_.size()));
    if (around.before) {
        const auto bos = metadata_.find(kBos);
        if (bos != metadata_.end() && std::get<std::uint32_t>(bos->second) != *around.before)
            notes_.push_back(
                fmt::format("Texts begin with '{}', as tokenizer.json's post_processor says, not "
                            "with the bos_token.",
                            printable(vocabulary_.text(*around.before))));
        metadata_[kBos] = static_cast<std::uint32_t>(*around.before);
    }
    if (around.after)
        notes_.push_back(fmt::format("tokenizer.json puts '{}' after a text: Hone does not.",
                                     printable(vocabulary_.text(*around.after))));
    metadata_["tokenizer.ggml.add_bos_token"] = around.before.has_value();
    const std::optional<bool> asked = settings_ ? settings_->flag("add_bos_token") : std::nullopt;
    if (asked && *asked != around.before.has_value())
        notes_.push_back(fmt::format(
            "tokenizer_config.json says add_bos_token {}, tokenizer.json's post_processor does it "
            "{}: texts "
            "begin {} BOS, as in transformers 5.",
            *asked, around.before ? "all the same" : "not", around.before ? "with a" : "without"));
    if (settings_ && settings_->flag("add_eos_token").value_or(false))
        notes_.push_back("tokenizer_config.json says add_eos_token: Hone adds no EOS to a text.");
}

void SettingsReader::read_chat_template() {
    const std::filesystem::path path = folder_ / "chat_template.jinja";
    std::error_code ignored;
    if (std::filesystem::exists(path, ignored)) {
        const auto file = MappedFile::open(path, "a chat template");
        const std::string_view text(reinterpret_cast<const char*>(file->bytes().data()),
                                    file->bytes().size());
        if (text.size() > kMaxTemplate || valid_utf8_prefix(text) != text.size())
            throw Error(ErrorDetails{"", path.string(), "file", fmt::format("{} B", text.size()),
                                     fmt::format("at most {} B of UTF-8", kMaxTemplate)});
        metadata_["tokenizer.chat_template"] = std::string(text);
        return;
    }
    const Json* found = settings_ ? settings_->find("chat_template") : nullptr;
    if (found == nullptr) return;
    if (found->is_string()) metadata_["tokenizer.chat_template"] = found->get<std::string>();
    if (!found->is_array()) return;
    for (const Json& named : *found) {
        if (named.is_object() && named.value("name", Json()) == "default" &&
            named.value("template", Json()).is_string())
            metadata_["tokenizer.chat_template"] = named["template"].get<std::string>();
    }
}

}  // namespace

void read_settings(const std::filesystem::path& folder, const JsonObject& config,
                   const JsonObject& tokenizer, Vocabulary& vocabulary, Metadata& metadata,
                   std::vector<std::string>& notes) {
    SettingsReader(folder, config, tokenizer, vocabulary, metadata, notes).read();
}

}  // namespace hone::hf
