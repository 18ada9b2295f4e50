// SPDX-License-Identifier: Apache-2.0
#include "engine/tokenizer/tokenizer_facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "engine/core/error.h"

namespace hone {
namespace {

// tokenizer.ggml.token_type of the GGUF format.
constexpr std::int32_t kUnknownType = 2, kControl = 3, kUserDefined = 4;

[[noreturn]] void refuse(const Checkpoint& checkpoint, std::string_view key, std::string found,
                         std::string expected, Fault fault = Fault::damaged) {
    throw Error(ErrorDetails{"", checkpoint.source, fmt::format("metadata '{}'", key),
                             std::move(found), std::move(expected), fault});
}

class FactsReader {
public:
    explicit FactsReader(const Checkpoint& checkpoint) : checkpoint_(checkpoint) {}

    TokenizerFacts read() {
        read_tokens();
        read_kind();
        read_added();
        check_scores();
        read_ids();
        return std::move(facts_);
    }

private:
    void read_tokens();
    void read_kind();
    void read_added();
    void check_scores() const;
    void read_ids();
    std::optional<std::int32_t> id(std::string_view key) const;
    std::vector<std::int32_t> ids(std::string_view key) const;
    void check_count(std::string_view key, std::size_t count) const;
    void mark(const char* key, bool AddedToken::*flag);

    const Checkpoint& checkpoint_;
    TokenizerFacts facts_;
};

void FactsReader::check_count(std::string_view key, std::size_t count) const {
    if (count != facts_.tokens->size())
        refuse(checkpoint_, key, fmt::format("{} entries", count),
               fmt::format("{}, one a token", facts_.tokens->size()));
}

void FactsReader::read_tokens() {
    constexpr std::string_view kKey = "tokenizer.ggml.tokens";
    const std::vector<std::string>* tokens = checkpoint_.texts(kKey);
    if (tokens == nullptr || tokens->empty())
        refuse(checkpoint_, kKey, "nothing", "an array of texts");
    facts_.tokens = tokens;
    std::unordered_map<std::string_view, std::size_t> first;
    first.reserve(tokens->size());
    for (std::size_t i = 0; i < tokens->size(); ++i) {
        const auto [earlier, added] = first.emplace((*tokens)[i], i);
        if (!added)
            throw Error(
                ErrorDetails{"", checkpoint_.source, fmt::format("tokenizer.ggml.tokens[{}]", i),
                             fmt::format("'{}', token {} too", (*tokens)[i], earlier->second),
                             "each token once", Fault::damaged});
    }
}

void FactsReader::read_kind() {
    const std::string model = checkpoint_.text("tokenizer.ggml.model");
    if (model == "hone-bytes") {
        facts_.bytes = true;
        if (facts_.tokens->size() < 256)
            refuse(checkpoint_, "tokenizer.ggml.tokens",
                   fmt::format("{} texts", facts_.tokens->size()), "at least 256");
        return;
    }
    if (model != "gpt2")
        refuse(checkpoint_, "tokenizer.ggml.model", "'" + model + "'", "gpt2 (byte-level BPE)",
               Fault::unsupported);
    facts_.pre = checkpoint_.text_or("tokenizer.ggml.pre", "default");
    const TokenizerKind* kind = tokenizer_kind(facts_.pre);
    if (kind == nullptr)
        refuse(checkpoint_, "tokenizer.ggml.pre", "'" + facts_.pre + "'", tokenizer_kind_names(),
               Fault::unsupported);
    facts_.kind = *kind;
    facts_.merges = checkpoint_.texts("tokenizer.ggml.merges");
    if (facts_.merges == nullptr)
        refuse(checkpoint_, "tokenizer.ggml.merges", "nothing", "an array of texts");
}

void FactsReader::read_added() {
    constexpr std::string_view kKey = "tokenizer.ggml.token_type";
    const std::vector<std::int32_t>* types = checkpoint_.integers(kKey);
    if (types == nullptr) return;
    check_count(kKey, types->size());
    for (std::size_t i = 0; i < types->size(); ++i) {
        const std::int32_t type = (*types)[i];
        if (type != kUnknownType && type != kControl && type != kUserDefined) continue;
        AddedToken token;
        token.text = (*facts_.tokens)[i];
        token.id = static_cast<std::int32_t>(i);
        token.control = type != kUserDefined;
        facts_.added.push_back(std::move(token));
    }
    mark(tokenizer_keys::kStripsLeft, &AddedToken::strips_left);
    mark(tokenizer_keys::kStripsRight, &AddedToken::strips_right);
    mark(tokenizer_keys::kSingleWord, &AddedToken::single_word);
    mark(tokenizer_keys::kNormalized, &AddedToken::normalized);
}

void FactsReader::mark(const char* key, bool AddedToken::*flag) {
    const std::vector<std::int32_t> marked = ids(key);
    if (!std::is_sorted(marked.begin(), marked.end()))
        refuse(checkpoint_, key, "ids in disorder", "ids that ascend");
    for (const std::int32_t id : marked) {
        const auto found = std::lower_bound(
            facts_.added.begin(), facts_.added.end(), id,
            [](const AddedToken& token, std::int32_t wanted) { return token.id < wanted; });
        if (found == facts_.added.end() || found->id != id)
            refuse(checkpoint_, key, std::to_string(id), "ids of tokens of the types 2, 3 and 4");
        (*found).*flag = true;
    }
}

// Byte-level BPE has no use for them; a file whose scores are no scores is damaged all the same.
void FactsReader::check_scores() const {
    constexpr std::string_view kKey = "tokenizer.ggml.scores";
    const MetadataValue* value = checkpoint_.metadata_find(kKey);
    if (value == nullptr) return;
    const auto* array = std::get_if<MetadataArray>(value);
    if (array == nullptr) refuse(checkpoint_, kKey, "no array", "an array of FLOAT32");
    if (const auto* scores = std::get_if<std::vector<float>>(array))
        check_count(kKey, scores->size());
    else if (const auto* whole = std::get_if<std::vector<std::int32_t>>(array))
        check_count(kKey, whole->size());
    else
        refuse(checkpoint_, kKey, "an array of another type", "an array of FLOAT32");
}

std::optional<std::int32_t> FactsReader::id(std::string_view key) const {
    if (checkpoint_.metadata_find(key) == nullptr) return std::nullopt;
    const std::int64_t id = checkpoint_.integer(key);
    if (id < 0 || id >= std::ssize(*facts_.tokens))
        refuse(checkpoint_, key, std::to_string(id),
               fmt::format("an id below the vocabulary's {}", facts_.tokens->size()));
    return static_cast<std::int32_t>(id);
}

std::vector<std::int32_t> FactsReader::ids(std::string_view key) const {
    const std::vector<std::int32_t>* ids = checkpoint_.integers(key);
    if (ids == nullptr) return {};
    for (const std::int32_t id : *ids) {
        if (id < 0 || id >= std::ssize(*facts_.tokens))
            refuse(checkpoint_, key, std::to_string(id),
                   fmt::format("ids below the vocabulary's {}", facts_.tokens->size()));
    }
    return *ids;
}

void FactsReader::read_ids() {
    facts_.bos = id("tokenizer.ggml.bos_token_id");
    facts_.eos = id("tokenizer.ggml.eos_token_id");
    facts_.ends = ids("tokenizer.ggml.eos_token_ids");
    if (facts_.eos) facts_.ends.push_back(*facts_.eos);
    facts_.adds_bos = checkpoint_.flag_or("tokenizer.ggml.add_bos_token", false);
    if (facts_.adds_bos && !facts_.bos)
        refuse(checkpoint_, "tokenizer.ggml.bos_token_id", "nothing",
               "an id: add_bos_token is true");
    facts_.unknown = id(tokenizer_keys::kUnknown);
    if (checkpoint_.metadata_find(tokenizer_keys::kNormalizer) != nullptr) {
        const std::string normalizer = checkpoint_.text(tokenizer_keys::kNormalizer);
        if (normalizer != "nfc")
            refuse(checkpoint_, tokenizer_keys::kNormalizer, "'" + normalizer + "'", "nfc",
                   Fault::unsupported);
        facts_.composes = true;
    }
    facts_.fuses_unknown = checkpoint_.flag_or(tokenizer_keys::kFuseUnknown, false);
}

}  // namespace

TokenizerFacts read_tokenizer_facts(const Checkpoint& checkpoint) {
    return FactsReader(checkpoint).read();
}

}  // namespace hone
