// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "engine/core/error.h"
#include "engine/formats/hugging_face/pre_tokenizers.h"
#include "engine/formats/hugging_face/tokenizer.h"

namespace hone::hf {
namespace {

using Json = nlohmann::json;

// tokenizer.ggml.token_type of the GGUF format.
constexpr std::int32_t kNormal = 1, kUnknown = 2, kControl = 3, kUserDefined = 4, kUnused = 5;

[[noreturn]] void refuse(const Checkpoint& checkpoint, std::string_view key,
                         const std::string& found, const std::string& expected) {
    throw Error(
        ErrorDetails{"", checkpoint.source, fmt::format("metadata '{}'", key), found, expected});
}

const std::vector<std::string>& required_texts(const Checkpoint& checkpoint, std::string_view key) {
    const std::vector<std::string>* texts = checkpoint.texts(key);
    if (texts == nullptr) refuse(checkpoint, key, "nothing", "an array of texts");
    return *texts;
}

class TokenizerWriter {
public:
    explicit TokenizerWriter(const Checkpoint& checkpoint)
        : checkpoint_(checkpoint),
          pre_(checkpoint.text_or("tokenizer.ggml.pre", "default")),
          tokens_(required_texts(checkpoint, "tokenizer.ggml.tokens")) {
        if (const std::string model = checkpoint.text("tokenizer.ggml.model"); model != "gpt2")
            refuse(checkpoint, "tokenizer.ggml.model", "'" + model + "'",
                   "gpt2: tokenizer.json can hold no other from here");
        const TokenizerKind* kind = tokenizer_kind(pre_);
        if (kind == nullptr)
            refuse(checkpoint, "tokenizer.ggml.pre", "'" + pre_ + "'", tokenizer_kind_names());
        kind_ = *kind;
        const auto* types = checkpoint.integers("tokenizer.ggml.token_type");
        types_ = types == nullptr ? std::vector<std::int32_t>(tokens_.size(), kNormal) : *types;
        if (types_.size() != tokens_.size())
            refuse(checkpoint, "tokenizer.ggml.token_type", fmt::format("{} types", types_.size()),
                   fmt::format("{}, one a token", tokens_.size()));
    }

    std::string tokenizer() const;
    std::string settings() const;
    std::string generation() const;

private:
    std::optional<std::int64_t> id(const char* key) const;
    std::optional<std::string> token(const char* key) const;
    // What a reader fills in for rows of the embedding that have no token.
    bool is_gap(std::size_t id) const {
        return types_[id] == kUnused && tokens_[id] == fmt::format("[PAD{}]", id);
    }
    bool has_flag(const char* key, std::size_t id) const;
    Json added_tokens() const;
    Json vocabulary() const;
    Json post_processor() const;

    const Checkpoint& checkpoint_;
    std::string pre_;
    TokenizerKind kind_{};
    const std::vector<std::string>& tokens_;
    std::vector<std::int32_t> types_;
};

std::optional<std::int64_t> TokenizerWriter::id(const char* key) const {
    if (checkpoint_.metadata_find(key) == nullptr) return std::nullopt;
    const std::int64_t id = checkpoint_.integer(key);
    if (id < 0 || id >= std::ssize(tokens_))
        refuse(checkpoint_, key, std::to_string(id),
               fmt::format("an id below the vocabulary's {}", tokens_.size()));
    return id;
}

std::optional<std::string> TokenizerWriter::token(const char* key) const {
    const auto number = id(key);
    if (!number) return std::nullopt;
    return tokens_[static_cast<std::size_t>(*number)];
}

// Whether the array of ids under `key`, which ascend, has `id`.
bool TokenizerWriter::has_flag(const char* key, std::size_t id) const {
    const std::vector<std::int32_t>* ids = checkpoint_.integers(key);
    return ids != nullptr &&
           std::binary_search(ids->begin(), ids->end(), static_cast<std::int32_t>(id));
}

Json TokenizerWriter::added_tokens() const {
    Json added = Json::array();
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
        if (types_[i] != kUnknown && types_[i] != kControl && types_[i] != kUserDefined) continue;
        added.push_back({{"id", i},
                         {"content", tokens_[i]},
                         {"single_word", has_flag(tokenizer_keys::kSingleWord, i)},
                         {"lstrip", has_flag(tokenizer_keys::kStripsLeft, i)},
                         {"rstrip", has_flag(tokenizer_keys::kStripsRight, i)},
                         {"normalized", has_flag(tokenizer_keys::kNormalized, i)},
                         {"special", types_[i] != kUserDefined}});
    }
    return added;
}

Json TokenizerWriter::vocabulary() const {
    Json vocabulary = Json::object();
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
        if (!is_gap(i)) vocabulary[tokens_[i]] = i;
    }
    return vocabulary;
}

// Where each text starts with a token of its own, fast tokenisers take that from here and from
// nowhere else.
Json TokenizerWriter::post_processor() const {
    const auto bos = token("tokenizer.ggml.bos_token_id");
    if (!bos || !checkpoint_.flag_or("tokenizer.ggml.add_bos_token", false)) return nullptr;
    const Json special{{"SpecialToken", {{"id", *bos}, {"type_id", 0}}}};
    const Json first{{"Sequence", {{"id", "A"}, {"type_id", 0}}}};
    const Json second{{"Sequence", {{"id", "B"}, {"type_id", 1}}}};
    Json again = special;
    again["SpecialToken"]["type_id"] = 1;
    return {{"type", "TemplateProcessing"},
            {"single", {special, first}},
            {"pair", {special, first, again, second}},
            {"special_tokens",
             {{*bos,
               {{"id", *bos},
                {"ids", Json::array({*id("tokenizer.ggml.bos_token_id")})},
                {"tokens", Json::array({*bos})}}}}}};
}

std::string TokenizerWriter::tokenizer() const {
    const std::optional<std::string> unknown = token(tokenizer_keys::kUnknown);
    const Json model{{"type", "BPE"},
                     {"dropout", nullptr},
                     {"unk_token", unknown ? Json(*unknown) : Json()},
                     {"continuing_subword_prefix", nullptr},
                     {"end_of_word_suffix", nullptr},
                     {"fuse_unk", checkpoint_.flag_or(tokenizer_keys::kFuseUnknown, false)},
                     {"byte_fallback", false},
                     {"ignore_merges", kind_.whole_words},
                     {"vocab", vocabulary()},
                     {"merges", required_texts(checkpoint_, "tokenizer.ggml.merges")}};
    const Json file{{"version", "1.0"},
                    {"truncation", nullptr},
                    {"padding", nullptr},
                    {"added_tokens", added_tokens()},
                    {"normalizer", checkpoint_.metadata_find(tokenizer_keys::kNormalizer) == nullptr
                                       ? Json()
                                       : Json{{"type", "NFC"}}},
                    {"pre_tokenizer", pre_tokenizer_of(kind_.cut)},
                    {"post_processor", post_processor()},
                    {"decoder",
                     {{"type", "ByteLevel"},
                      {"add_prefix_space", true},
                      {"trim_offsets", true},
                      {"use_regex", true}}},
                    {"model", model}};
    return file.dump(1);
}

std::string TokenizerWriter::settings() const {
    Json settings{{"tokenizer_class", "PreTrainedTokenizerFast"},
                  {"add_prefix_space", false},
                  {"add_bos_token", checkpoint_.flag_or("tokenizer.ggml.add_bos_token", false)},
                  {"clean_up_tokenization_spaces", false},
                  {"model_max_length",
                   checkpoint_.integer(checkpoint_.supported_family().key(Parameter::context))}};
    const auto add = [&](const char* name, const char* key) {
        if (const auto text = token(key)) settings[name] = *text;
    };
    add("bos_token", "tokenizer.ggml.bos_token_id");
    add("eos_token", "tokenizer.ggml.eos_token_id");
    add("pad_token", "tokenizer.ggml.padding_token_id");
    add("unk_token", "tokenizer.ggml.unknown_token_id");
    if (checkpoint_.metadata_find("tokenizer.chat_template") != nullptr)
        settings["chat_template"] = checkpoint_.text("tokenizer.chat_template");
    return settings.dump(2) + "\n";
}

std::string TokenizerWriter::generation() const {
    Json generation = Json::object();
    const auto add = [&](const char* name, const char* key) {
        if (const auto number = id(key)) generation[name] = *number;
    };
    add("bos_token_id", "tokenizer.ggml.bos_token_id");
    add("eos_token_id", "tokenizer.ggml.eos_token_id");
    add("pad_token_id", "tokenizer.ggml.padding_token_id");
    if (const auto* ends = checkpoint_.integers("tokenizer.ggml.eos_token_ids"))
        generation["eos_token_id"] = *ends;
    return generation.dump(2) + "\n";
}

}  // namespace

std::map<std::string, std::string> write_tokenizer(const Checkpoint& checkpoint) {
    const TokenizerWriter writer(checkpoint);
    return {{"tokenizer.json", writer.tokenizer()},
            {"tokenizer_config.json", writer.settings()},
            {"generation_config.json", writer.generation()}};
}

}  // namespace hone::hf
