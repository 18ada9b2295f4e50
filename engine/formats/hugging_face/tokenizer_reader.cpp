// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_map>
#include <utility>

#include "engine/core/error.h"
#include "engine/formats/hugging_face/pre_tokenizers.h"
#include "engine/formats/hugging_face/tokenizer.h"
#include "engine/formats/mapped_file.h"
#include "engine/core/utf8.h"

namespace hone::hf {
namespace {

using Json = nlohmann::json;

// tokenizer.ggml.token_type of the GGUF format.
constexpr std::int32_t kNormal = 1, kControl = 3, kUserDefined = 4, kUnused = 5;
constexpr const char* kEos = "tokenizer.ggml.eos_token_id";
constexpr std::size_t kMaxTemplate = std::size_t{1} << 20;

std::optional<JsonObject> optional_file(const std::filesystem::path& path) {
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) return std::nullopt;
    return JsonObject::read(path);
}

class TokenizerReader {
public:
    TokenizerReader(const std::filesystem::path& folder, const JsonObject& config, std::int64_t n_vocab,
                    Metadata& metadata)
        : folder_(folder),
          config_(config),
          file_(JsonObject::read(folder / "tokenizer.json")),
          settings_(optional_file(folder / "tokenizer_config.json")),
          generation_(optional_file(folder / "generation_config.json")),
          tokens_(static_cast<std::size_t>(n_vocab)),
          types_(tokens_.size(), kUnused),
          metadata_(metadata) {}

    void read() {
        const JsonObject model = file_.required_object("model");
        check_kind(model);
        const std::string pre = read_pre_tokenizer(model);
        read_vocabulary(model);
        read_added_tokens();
        fill_gaps();
        read_settings();
        metadata_["tokenizer.ggml.model"] = std::string("gpt2");
        metadata_["tokenizer.ggml.pre"] = pre;
        metadata_["tokenizer.ggml.merges"] = MetadataArray(merges(model));
        metadata_["tokenizer.ggml.tokens"] = MetadataArray(std::move(tokens_));
        metadata_["tokenizer.ggml.token_type"] = MetadataArray(std::move(types_));
    }

private:
    void check_kind(const JsonObject& model) const;
    std::string read_pre_tokenizer(const JsonObject& model) const;
    void read_vocabulary(const JsonObject& model);
    void read_added_tokens();
    void fill_gaps();
    std::vector<std::string> merges(const JsonObject& model) const;
    void read_settings();
    void read_special(const char* token, const char* id, const char* key);
    void read_ends();
    std::vector<std::int64_t> configured_ids(const JsonObject& file, const char* name) const;
    std::optional<std::int64_t> configured_id(const JsonObject& file, const char* name) const;
    bool starts_with_bos() const;
    void read_chat_template();
    void place(const JsonObject& where, std::string_view key, const std::string& text, const Json& id,
               std::int32_t type);

    std::filesystem::path folder_;
    const JsonObject& config_;
    JsonObject file_;
    std::optional<JsonObject> settings_, generation_;  // tokenizer_config.json, generation_config.json
    std::vector<std::string> tokens_;
    std::vector<std::int32_t> types_;
    std::unordered_map<std::string, std::int64_t> ids_;
    Metadata& metadata_;
};

void TokenizerReader::check_kind(const JsonObject& model) const {
    if (const auto type = model.text("type"); type && *type != "BPE")
        model.fail("type", "\"BPE\": byte-level BPE is the one tokeniser that is supported");
    if (file_.find("normalizer") != nullptr)
        file_.fail("normalizer", "none: texts are not changed before they are split");
    if (model.flag("byte_fallback").value_or(false))
        model.fail("byte_fallback", "false: byte-level BPE is the one tokeniser that is supported");
    for (const char* key : {"continuing_subword_prefix", "end_of_word_suffix"}) {
        if (!model.text(key).value_or("").empty()) model.fail(key, "none");
    }
    if (model.real("dropout").value_or(0.0) != 0.0) model.fail("dropout", "none");
}

std::string TokenizerReader::read_pre_tokenizer(const JsonObject& model) const {
    const Json* found = file_.find("pre_tokenizer");
    std::string name = found == nullptr ? "" : name_of_pre_tokenizer(*found);
    if (name.empty())
        file_.fail(
            "pre_tokenizer",
            "that of SmolLM2 (digits, then ByteLevel), GPT-2 (ByteLevel) or Llama 3, without a space in "
            "front");
    if (model.flag("ignore_merges").value_or(false) != takes_whole_words(name))
        model.fail("ignore_merges",
                   fmt::format("{} with the pre-tokeniser {}", takes_whole_words(name), name));
    return name;
}

void TokenizerReader::place(const JsonObject& where, std::string_view key, const std::string& text,
                            const Json& id, std::int32_t type) {
    if (!id.is_number_unsigned() || id.get<std::uint64_t>() >= tokens_.size())
        where.fail(key, excerpt(id), fmt::format("an id below config.json's vocab_size, {}", tokens_.size()));
    const auto at = id.get<std::size_t>();
    if (types_[at] != kUnused && tokens_[at] != text)
        where.fail(key, fmt::format("id {}, which {} has", at, excerpt(Json(tokens_[at]))), "each id once");
    const auto [earlier, added] = ids_.emplace(text, static_cast<std::int64_t>(at));
    if (!added && earlier->second != static_cast<std::int64_t>(at))
        where.fail(key, fmt::format("ids {} and {}", earlier->second, at), "one id a token");
    tokens_[at] = text;
    types_[at] = type;
}

void TokenizerReader::read_vocabulary(const JsonObject& model) {
    const JsonObject vocabulary = model.required_object("vocab");
    for (const auto& [text, id] : vocabulary.json().items()) place(vocabulary, text, text, id, kNormal);
}

void TokenizerReader::read_added_tokens() {
    const Json* added = file_.find("added_tokens");
    if (added == nullptr) return;
    if (!added->is_array()) file_.fail("added_tokens", "an array");
    for (std::size_t i = 0; i < added->size(); ++i) {
        const Json& entry = (*added)[i];
        const std::string key = fmt::format("added_tokens[{}]", i);
        const auto content = entry.is_object() ? entry.find("content") : entry.end();
        if (!entry.is_object() || content == entry.end() || !content->is_string() || !entry.contains("id"))
            file_.fail(key, excerpt(entry), "an object with content and id");
        const auto special = entry.find("special");
        const bool control = special != entry.end() && special->is_boolean() && special->get<bool>();
        place(file_, key, content->get<std::string>(), entry["id"], control ? kControl : kUserDefined);
    }
}

// An embedding may have more rows than there are tokens.
void TokenizerReader::fill_gaps() {
    for (std::size_t id = 0; id < tokens_.size(); ++id) {
        if (types_[id] == kUnused) tokens_[id] = fmt::format("[PAD{}]", id);
    }
}

std::vector<std::string> TokenizerReader::merges(const JsonObject& model) const {
    const Json* found = model.find("merges");
    if (found == nullptr || !found->is_array() || found->empty()) model.fail("merges", "an array of pairs");
    std::vector<std::string> result;
    result.reserve(found->size());
    for (std::size_t i = 0; i < found->size(); ++i) {
        const Json& merge = (*found)[i];
        const bool pair =
            merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string();
        if (!pair && !merge.is_string())
            model.fail(fmt::format("merges[{}]", i), excerpt(merge), "two tokens");
        result.push_back(pair ? merge[0].get<std::string>() + ' ' + merge[1].get<std::string>()
                              : merge.get<std::string>());
        // Checked here where the file can still be named; the encoder looks for the joined token.
        const std::string& text = result.back();
        const std::size_t space = text.find(' ', 1);
        if (space == std::string::npos || !ids_.contains(text.substr(0, space)) ||
            !ids_.contains(text.substr(space + 1)) ||
            !ids_.contains(text.substr(0, space) + text.substr(space + 1)))
            model.fail(fmt::format("merges[{}]", i), excerpt(merge),
                       "two tokens of the vocabulary whose join is one too");
    }
    return result;
}

// One, none, or several in an array.
std::vector<std::int64_t> TokenizerReader::configured_ids(const JsonObject& file, const char* name) const {
    const Json* value = file.find(name);
    if (value == nullptr) return {};
    std::vector<std::int64_t> ids;
    for (const Json& id : value->is_array() ? *value : Json::array({*value})) {
        // Some files say −1 for "none".
        if (id.is_number_integer() && id == -1) continue;
        if (!id.is_number_unsigned() || id.get<std::uint64_t>() >= tokens_.size())
            file.fail(name, fmt::format("an id below vocab_size, {}", tokens_.size()));
        ids.push_back(id.get<std::int64_t>());
    }
    return ids;
}

std::optional<std::int64_t> TokenizerReader::configured_id(const JsonObject& file, const char* name) const {
    const std::vector<std::int64_t> ids = configured_ids(file, name);
    return ids.empty() ? std::nullopt : std::optional(ids.front());
}

// GGUF has a key for one end, and config.json and generation_config.json may name several: then all are kept beside it, the one that the
// tokeniser names first.
void TokenizerReader::read_ends() {
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
void TokenizerReader::read_special(const char* token, const char* id, const char* key) {
    std::optional<std::int64_t> chosen = configured_id(config_, id);
    if (!chosen && generation_) chosen = configured_id(*generation_, id);
    const Json* named = settings_ ? settings_->find(token) : nullptr;
    if (named != nullptr) {
        const Json& text = named->is_object() && named->contains("content") ? (*named)["content"] : *named;
        if (!text.is_string()) settings_->fail(token, "a token's text");
        const auto found = ids_.find(text.get<std::string>());
        if (found == ids_.end()) settings_->fail(token, "a token of tokenizer.json");
        chosen = found->second;
    }
    if (chosen) metadata_[key] = static_cast<std::uint32_t>(*chosen);
}

// Whether the post-processor puts the first special token before a text.
bool TokenizerReader::starts_with_bos() const {
    const auto is_template = [](const Json& json) {
        if (!json.is_object() || json.value("type", Json()) != "TemplateProcessing") return false;
        const Json single = json.value("single", Json());
        return single.is_array() && !single.empty() && single[0].is_object() &&
               single[0].contains("SpecialToken");
    };
    const Json* found = file_.find("post_processor");
    if (found == nullptr) return false;
    if (is_template(*found)) return true;
    const Json parts = found->is_object() ? found->value("processors", Json()) : Json();
    return parts.is_array() && std::any_of(parts.begin(), parts.end(), is_template);
}

void TokenizerReader::read_chat_template() {
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

void TokenizerReader::read_settings() {
    read_special("bos_token", "bos_token_id", "tokenizer.ggml.bos_token_id");
    read_special("eos_token", "eos_token_id", kEos);
    read_ends();
    read_special("pad_token", "pad_token_id", "tokenizer.ggml.padding_token_id");
    read_special("unk_token", "unk_token_id", "tokenizer.ggml.unknown_token_id");
    const std::optional<bool> adds = settings_ ? settings_->flag("add_bos_token") : std::nullopt;
    metadata_["tokenizer.ggml.add_bos_token"] = adds.value_or(starts_with_bos());
    read_chat_template();
}

}  // namespace

void read_tokenizer(const std::filesystem::path& folder, const JsonObject& config, std::int64_t n_vocab,
                    Metadata& metadata) {
    TokenizerReader(folder, config, n_vocab, metadata).read();
}

}  // namespace hone::hf
