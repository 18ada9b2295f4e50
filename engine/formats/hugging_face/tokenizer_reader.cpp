// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_map>
#include <utility>

#include "engine/base/printable.h"
#include "engine/base/utf8.h"
#include "engine/formats/hugging_face/pre_tokenizers.h"
#include "engine/formats/hugging_face/tokenizer.h"
#include "engine/formats/hugging_face/tokenizer_settings.h"
#include "engine/formats/hugging_face/vocabulary.h"
#include "engine/formats/tokenizer_kinds.h"

namespace hone::hf {
namespace {

using Json = nlohmann::json;

// tokenizer.json; what stands beside it is read by read_settings().
class TokenizerReader {
public:
    TokenizerReader(const std::filesystem::path& folder, Vocabulary& vocabulary, Metadata& metadata,
                    std::vector<std::string>& notes)
        : file_(JsonObject::read(folder / "tokenizer.json")),
          model_(file_.required_object("model")),
          vocabulary_(vocabulary),
          metadata_(metadata),
          notes_(notes) {}

    void read() {
        check_kind();
        metadata_["tokenizer.ggml.model"] = std::string("gpt2");
        metadata_["tokenizer.ggml.pre"] = read_pre_tokenizer();
        const JsonObject vocabulary = model_.required_object("vocab");
        for (const auto& [text, id] : vocabulary.json().items())
            vocabulary_.add(vocabulary, text, text, id);
        metadata_["tokenizer.ggml.merges"] = MetadataArray(merges());
        read_unknown(vocabulary);
        read_added_tokens(vocabulary);
    }
    const JsonObject& file() const { return file_; }

private:
    void check_kind();
    void check_unused_parts();
    std::string read_pre_tokenizer() const;
    void read_added_tokens(const JsonObject& vocabulary);
    std::vector<std::string> merges() const;
    std::string merge(std::size_t index, const Json& merge) const;
    void read_unknown(const JsonObject& vocabulary);

    JsonObject file_, model_;
    Vocabulary& vocabulary_;
    Metadata& metadata_;
    std::vector<std::string>& notes_;
};

// What texts are changed by, whatever sequences it is nested in: nothing, NFC, or what is not
// supported. NFC twice is NFC.
enum class Normalizer : std::uint8_t { none, nfc, other };

Normalizer normalizer_of(const Json& normalizer) {
    if (!normalizer.is_object()) return Normalizer::other;
    const Json type = normalizer.value("type", Json());
    if (type == "NFC") return Normalizer::nfc;
    const Json parts = normalizer.value("normalizers", Json());
    if (type != "Sequence" || !parts.is_array()) return Normalizer::other;
    Normalizer all = Normalizer::none;
    for (const Json& part : parts) all = std::max(all, normalizer_of(part));
    return all;
}

void TokenizerReader::check_kind() {
    if (const auto type = model_.text("type"); type && *type != "BPE")
        model_.fail("type", "\"BPE\": byte-level BPE is the one tokeniser that is supported");
    if (const Json* normalizer = file_.find("normalizer"); normalizer != nullptr) {
        const Normalizer kind = normalizer_of(*normalizer);
        if (kind == Normalizer::other) file_.fail("normalizer", "none, or NFC");
        if (kind == Normalizer::nfc) metadata_[tokenizer_keys::kNormalizer] = std::string("nfc");
    }
    if (model_.flag("byte_fallback").value_or(false))
        model_.fail("byte_fallback",
                    "false: byte-level BPE is the one tokeniser that is supported");
    for (const char* key : {"continuing_subword_prefix", "end_of_word_suffix"}) {
        if (!model_.text(key).value_or("").empty()) model_.fail(key, "none");
    }
    if (model_.real("dropout").value_or(0.0) != 0.0) model_.fail("dropout", "none");
    check_unused_parts();
}

bool has_byte_level(const Json& decoder) {
    if (!decoder.is_object()) return false;
    if (decoder.value("type", Json()) == "ByteLevel") return true;
    const Json parts = decoder.value("decoders", Json());
    return parts.is_array() && std::any_of(parts.begin(), parts.end(), has_byte_level);
}

// What changes no id here.
void TokenizerReader::check_unused_parts() {
    const Json* decoder = file_.find("decoder");
    if (decoder == nullptr || !has_byte_level(*decoder))
        notes_.push_back(
            "tokenizer.json's decoder is not ByteLevel: tokens are turned into bytes all the "
            "same.");
    for (const char* key : {"truncation", "padding"}) {
        if (file_.find(key) != nullptr)
            notes_.push_back(fmt::format(
                "tokenizer.json asks for {}: texts keep their length, as in transformers.", key));
    }
}

// GGUF has a name for each pattern, and with Llama 3's one for each way of using it.
std::string TokenizerReader::read_pre_tokenizer() const {
    const Json* found = file_.find("pre_tokenizer");
    const std::optional<TextCut> cut =
        found == nullptr ? std::nullopt : cut_of_pre_tokenizer(*found);
    if (!cut)
        file_.fail("pre_tokenizer",
                   "that of SmolLM2 (digits, then ByteLevel), GPT-2 (ByteLevel), Llama 3 or Qwen "
                   "2, without a space "
                   "in front");
    const bool whole_words = model_.flag("ignore_merges").value_or(false);
    for (const TokenizerKind& kind : tokenizer_kinds()) {
        if (kind.cut == *cut && kind.whole_words == whole_words) return std::string(kind.name);
    }
    model_.fail("ignore_merges", "false with this pre_tokenizer");
}

// tokenizers numbers an added token that the vocabulary does not have itself, and warns where the
// file has another number.
void TokenizerReader::read_added_tokens(const JsonObject& vocabulary) {
    const Json* added = file_.find("added_tokens");
    if (added == nullptr) return;
    if (!added->is_array()) file_.fail("added_tokens", "an array");
    const std::size_t words = vocabulary.json().size();
    std::size_t next = words, renumbered = 0;
    std::string example;
    for (std::size_t i = 0; i < added->size(); ++i) {
        const Json& entry = (*added)[i];
        const std::string key = fmt::format("added_tokens[{}]", i);
        if (!entry.is_object() || !entry.contains("id"))
            file_.fail(key, excerpt(entry), "an object with content and id");
        vocabulary_.add_added(file_, key, entry["id"], entry);
        const auto id = entry["id"].get<std::size_t>();
        const auto& content = entry["content"].get_ref<const std::string&>();
        const bool in_vocabulary = vocabulary.json().contains(content);
        if (!in_vocabulary && id != next && renumbered++ == 0)
            example = fmt::format("'{}' {}, not {}", printable(content), id, next);
        next = std::max(next, id + 1);
    }
    if (renumbered > 0)
        notes_.push_back(fmt::format(
            "Added tokens have the ids that tokenizer.json says, where tokenizers would count on: "
            "{}{}.",
            example, renumbered > 1 ? fmt::format(", and {} more", renumbered - 1) : ""));
}

// As tokenizers takes a merge that stands twice: by its last rank.
std::vector<std::string> TokenizerReader::merges() const {
    const Json* found = model_.find("merges");
    if (found == nullptr || !found->is_array()) model_.fail("merges", "an array of pairs");
    std::vector<std::string> texts;
    texts.reserve(found->size());
    std::unordered_map<std::string_view, std::size_t> last;
    last.reserve(found->size());
    for (std::size_t i = 0; i < found->size(); ++i) {
        texts.push_back(merge(i, (*found)[i]));
        last[texts.back()] = i;
    }
    std::vector<std::string> merges;
    merges.reserve(texts.size());
    for (std::size_t i = 0; i < texts.size(); ++i) {
        if (!texts[i].empty() && last[texts[i]] == i) merges.push_back(texts[i]);
    }
    return merges;
}

// "LEFT RIGHT", checked here where the file can still be named; empty for a version line.
std::string TokenizerReader::merge(std::size_t index, const Json& merge) const {
    const bool pair =
        merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string();
    const std::string key = fmt::format("merges[{}]", index);
    if (!pair && !merge.is_string()) model_.fail(key, excerpt(merge), "two tokens");
    if (!pair && merge.get_ref<const std::string&>().starts_with("#version")) return "";
    std::string text = pair ? merge[0].get<std::string>() + ' ' + merge[1].get<std::string>()
                            : merge.get<std::string>();
    const std::size_t space = text.find(' ');
    // The byte alphabet has no space: one within a token could be told from the one between two
    // only in pairs, and GGUF has none.
    if (space == std::string::npos || text.find(' ', space + 1) != std::string::npos ||
        !vocabulary_.find(text.substr(0, space)) || !vocabulary_.find(text.substr(space + 1)) ||
        !vocabulary_.find(text.substr(0, space) + text.substr(space + 1)))
        model_.fail(key, excerpt(merge), "two tokens of the vocabulary whose join is one too");
    return text;
}

// Without it, tokenizers drops a byte that has no token; with one that is no token, it fails there.
// GPT-2's files say "".
void TokenizerReader::read_unknown(const JsonObject& vocabulary) {
    const std::optional<std::string> token = model_.text("unk_token");
    if (!token || token->empty()) return;
    const auto id = vocabulary.json().find(*token);
    if (id == vocabulary.json().end()) model_.fail("unk_token", "a token of model.vocab, or null");
    metadata_[tokenizer_keys::kUnknown] = id->get<std::uint32_t>();
    if (model_.flag("fuse_unk").value_or(false)) metadata_[tokenizer_keys::kFuseUnknown] = true;
}

}  // namespace

void read_tokenizer(const std::filesystem::path& folder, const JsonObject& config,
                    std::int64_t n_vocab, Metadata& metadata, std::vector<std::string>& notes) {
    Vocabulary vocabulary(n_vocab);
    TokenizerReader reader(folder, vocabulary, metadata, notes);
    reader.read();
    read_settings(folder, config, reader.file(), vocabulary, metadata, notes);
    vocabulary.write(metadata);
}

}  // namespace hone::hf
