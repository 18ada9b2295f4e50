// SPDX-License-Identifier: Apache-2.0
#include "engine/tokenizer/tokenizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_map>

#include "engine/core/error.h"
#include "engine/tokenizer/byte_pair_encoder.h"
#include "engine/tokenizer/pre_tokenizer.h"

namespace hone {
namespace {

// tokenizer.ggml.token_type of the GGUF format.
constexpr std::int32_t kControl = 3, kUserDefined = 4;

struct Special {
    std::string text;
    TokenId id;
};

}  // namespace

struct Tokenizer::Impl {
    std::string kind;
    std::vector<std::string> bytes;  // of each token
    std::vector<Special> specials;   // longest first
    std::array<bool, 256> starts_special{};
    std::unique_ptr<PreTokenizer> pre;
    std::unique_ptr<BytePairEncoder> encoder;  // null: the byte tokeniser
    // Llama 3 takes a word that is a token whole, whatever the merges would make of it: by its bytes; else empty.
    std::unordered_map<std::string, TokenId> whole_words;
    bool adds_bos = false;
    std::optional<TokenId> bos, eos;
    std::vector<bool> ends;

    void encode_piece(std::string_view piece, std::vector<TokenId>& ids) const;
    const Special* special_at(std::string_view text) const;
    void add_specials(const Checkpoint& checkpoint, const std::vector<std::string>& tokens);
    void add_ends(const Checkpoint& checkpoint);
};

namespace {

std::optional<TokenId> id_of(const Checkpoint& checkpoint, std::string_view key, std::size_t vocabulary) {
    if (checkpoint.metadata_find(key) == nullptr) return std::nullopt;
    const std::int64_t id = checkpoint.integer(key);
    if (id < 0 || id >= static_cast<std::int64_t>(vocabulary))
        throw Error(ErrorDetails{"", checkpoint.source, "metadata '" + std::string(key) + "'",
                                 std::to_string(id),
                                 fmt::format("an id below the vocabulary's {}", vocabulary)});
    return static_cast<TokenId>(id);
}

const std::vector<std::string>& required_texts(const Checkpoint& checkpoint, std::string_view key) {
    const std::vector<std::string>* texts = checkpoint.texts(key);
    if (texts == nullptr || texts->empty())
        throw Error(ErrorDetails{"", checkpoint.source, "metadata '" + std::string(key) + "'", "nothing",
                                 "an array of texts"});
    return *texts;
}

std::unordered_map<std::string, TokenId> ids_by_text(const Checkpoint& checkpoint,
                                                     const std::vector<std::string>& tokens) {
    std::unordered_map<std::string, TokenId> ids;
    ids.reserve(tokens.size());
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        const auto [earlier, added] = ids.emplace(tokens[i], static_cast<TokenId>(i));
        if (!added)
            throw Error(ErrorDetails{"", checkpoint.source, fmt::format("tokenizer.ggml.tokens[{}]", i),
                                     fmt::format("'{}', token {} too", tokens[i], earlier->second),
                                     "each token once"});
    }
    return ids;
}

}  // namespace

void Tokenizer::Impl::add_specials(const Checkpoint& checkpoint, const std::vector<std::string>& tokens) {
    const std::vector<std::int32_t>* types = checkpoint.integers("tokenizer.ggml.token_type");
    if (types == nullptr) return;
    if (types->size() != tokens.size())
        throw Error(ErrorDetails{"", checkpoint.source, "metadata 'tokenizer.ggml.token_type'",
                                 fmt::format("{} types", types->size()),
                                 fmt::format("{}, one a token", tokens.size())});
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        if (((*types)[i] != kControl && (*types)[i] != kUserDefined) || tokens[i].empty()) continue;
        specials.push_back({tokens[i], static_cast<TokenId>(i)});
        starts_special[static_cast<unsigned char>(tokens[i][0])] = true;
        bytes[i] = tokens[i];
    }
    std::stable_sort(specials.begin(), specials.end(),
                     [](const Special& a, const Special& b) { return a.text.size() > b.text.size(); });
}

void Tokenizer::Impl::add_ends(const Checkpoint& checkpoint) {
    bos = id_of(checkpoint, "tokenizer.ggml.bos_token_id", bytes.size());
    eos = id_of(checkpoint, "tokenizer.ggml.eos_token_id", bytes.size());
    adds_bos = checkpoint.flag_or("tokenizer.ggml.add_bos_token", false);
    ends.resize(bytes.size());
    if (eos) ends[static_cast<std::size_t>(*eos)] = true;
    if (const auto* several = checkpoint.integers("tokenizer.ggml.eos_token_ids")) {
        for (const std::int32_t end : *several) {
            if (end < 0 || end >= std::ssize(ends))
                throw Error(ErrorDetails{"", checkpoint.source, "metadata 'tokenizer.ggml.eos_token_ids'",
                                         std::to_string(end),
                                         fmt::format("ids below the vocabulary's {}", ends.size())});
            ends[static_cast<std::size_t>(end)] = true;
        }
    }
    for (const Special& special : specials) {
        for (const std::string_view name : {"<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|end|>", "</s>"}) {
            if (special.text == name) ends[static_cast<std::size_t>(special.id)] = true;
        }
    }
}

const Special* Tokenizer::Impl::special_at(std::string_view text) const {
    if (!starts_special[static_cast<unsigned char>(text[0])]) return nullptr;
    for (const Special& special : specials) {
        if (text.substr(0, special.text.size()) == special.text) return &special;
    }
    return nullptr;
}

void Tokenizer::Impl::encode_piece(std::string_view piece, std::vector<TokenId>& ids) const {
    const auto whole = whole_words.empty() ? whole_words.end() : whole_words.find(std::string(piece));
    if (whole != whole_words.end())
        ids.push_back(whole->second);
    else
        encoder->encode(piece, ids);
}

void Tokenizer::encode_plain(std::string_view text, MergeCache* cache, std::vector<TokenId>& ids) const {
    if (!impl_->encoder) {
        for (const char byte : text) ids.push_back(static_cast<unsigned char>(byte));
        return;
    }
    if (cache == nullptr) {
        impl_->pre->split(text, [&](std::string_view piece) { impl_->encode_piece(piece, ids); });
        return;
    }
    impl_->pre->split(text, [&](std::string_view piece) {
        if (const auto known = cache->pieces_.find(piece); known != cache->pieces_.end()) {
            ++cache->hits_;
            ids.insert(ids.end(), known->second.begin(), known->second.end());
            return;
        }
        ++cache->misses_;
        const std::size_t before = ids.size();
        impl_->encode_piece(piece, ids);
        if (cache->pieces_.size() < cache->capacity_)
            cache->pieces_.emplace(
                piece, std::vector<TokenId>(ids.begin() + static_cast<std::ptrdiff_t>(before), ids.end()));
    });
}

Tokenizer::Tokenizer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Tokenizer::~Tokenizer() = default;
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;

Tokenizer Tokenizer::from_checkpoint(const Checkpoint& checkpoint) {
    const std::string model = checkpoint.text("tokenizer.ggml.model");
    const std::vector<std::string>& tokens = required_texts(checkpoint, "tokenizer.ggml.tokens");
    auto impl = std::make_unique<Impl>();
    impl->bytes.resize(tokens.size());
    if (model == "hone-bytes") {
        if (tokens.size() < 256)
            throw Error(ErrorDetails{"", checkpoint.source, "tokenizer.ggml.tokens",
                                     std::to_string(tokens.size()), "at least 256"});
        impl->kind = "bytes";
        for (std::size_t i = 0; i < tokens.size(); ++i)
            impl->bytes[i] = i < 256 ? std::string(1, static_cast<char>(i)) : tokens[i];
    } else if (model == "gpt2") {
        const std::string pre = checkpoint.text_or("tokenizer.ggml.pre", "default");
        impl->pre = PreTokenizer::named(pre);
        if (!impl->pre)
            throw Error(ErrorDetails{"", checkpoint.source, "metadata 'tokenizer.ggml.pre'", "'" + pre + "'",
                                     "smollm, gpt-2, default or llama-bpe"});
        impl->kind = "gpt2 (" + pre + ")";
        for (std::size_t i = 0; i < tokens.size(); ++i) impl->bytes[i] = bytes_of_printable(tokens[i]);
        impl->encoder = std::make_unique<BytePairEncoder>(required_texts(checkpoint, "tokenizer.ggml.merges"),
                                                          ids_by_text(checkpoint, tokens), checkpoint.source);
    } else {
        throw Error(ErrorDetails{"", checkpoint.source, "metadata 'tokenizer.ggml.model'", "'" + model + "'",
                                 "gpt2 (byte-level BPE)"});
    }
    if (impl->kind == "gpt2 (llama-bpe)") {
        for (std::size_t i = 0; i < tokens.size(); ++i)
            impl->whole_words.emplace(impl->bytes[i], static_cast<TokenId>(i));
    }
    impl->add_specials(checkpoint, tokens);
    impl->add_ends(checkpoint);
    return Tokenizer(std::move(impl));
}

std::vector<TokenId> Tokenizer::encode(std::string_view text, SpecialTokens specials,
                                       MergeCache* cache) const {
    std::vector<TokenId> ids;
    ids.reserve(text.size() / 3 + 8);
    std::size_t plain = 0;
    for (std::size_t i = 0; specials == SpecialTokens::parse && i < text.size(); ++i) {
        const Special* special = impl_->special_at(text.substr(i));
        if (special == nullptr) continue;
        encode_plain(text.substr(plain, i - plain), cache, ids);
        ids.push_back(special->id);
        plain = i + special->text.size();
        i = plain - 1;
    }
    encode_plain(text.substr(plain), cache, ids);
    return ids;
}

std::string Tokenizer::token_bytes(TokenId id) const {
    if (id < 0 || id >= size())
        throw Error(ErrorDetails{"", "", "token id", std::to_string(id), fmt::format("0 to {}", size() - 1)});
    return impl_->bytes[static_cast<std::size_t>(id)];
}

std::string Tokenizer::decode(std::span<const TokenId> ids) const {
    std::string text;
    for (const TokenId id : ids) text += token_bytes(id);
    return text;
}

std::int64_t Tokenizer::size() const {
    return static_cast<std::int64_t>(impl_->bytes.size());
}
bool Tokenizer::adds_bos() const {
    return impl_->adds_bos;
}
std::optional<TokenId> Tokenizer::bos() const {
    return impl_->bos;
}
std::optional<TokenId> Tokenizer::eos() const {
    return impl_->eos;
}
bool Tokenizer::is_end_of_generation(TokenId id) const {
    return id >= 0 && id < size() && impl_->ends[static_cast<std::size_t>(id)];
}
std::string_view Tokenizer::kind() const {
    return impl_->kind;
}

}  // namespace hone
