// SPDX-License-Identifier: Apache-2.0
#include "engine/tokenizer/tokenizer.h"

#include <fmt/format.h>

#include <chrono>
#include <unordered_map>

#include "engine/core/error.h"
#include "engine/core/pulse.h"
#include "engine/tokenizer/added_tokens.h"
#include "engine/tokenizer/byte_pair_encoder.h"
#include "engine/tokenizer/composed.h"
#include "engine/tokenizer/pre_tokenizer.h"
#include "engine/tokenizer/tokenizer_facts.h"

namespace hone {
namespace {

constexpr std::size_t kBytesBetweenChecks = 1 << 16;
constexpr std::size_t kSlowBytesPerSecond = 10'000'000;  // a cut on a busy machine

}  // namespace

struct Tokenizer::Impl {
    std::string kind;
    std::vector<std::string> bytes;  // of each token
    std::unique_ptr<AddedTokens> added;
    std::unique_ptr<PreTokenizer> pre;
    std::unique_ptr<BytePairEncoder> encoder;  // null: the byte tokeniser
    // Llama 3 takes a word that is a token whole, whatever the merges would make of it: by its
    // bytes; else empty.
    std::unordered_map<std::string, TokenId> whole_words;
    bool adds_bos = false;
    std::optional<TokenId> bos, eos;
    std::vector<bool> ends;

    void set_bytes(const TokenizerFacts& facts);
    void encode_piece(std::string_view piece, const Progress& progress,
                      std::vector<TokenId>& ids) const;
};

// Text that is not in the byte alphabet stands for itself, as an added token's does.
void Tokenizer::Impl::set_bytes(const TokenizerFacts& facts) {
    bytes.resize(facts.tokens->size());
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const std::string& text = (*facts.tokens)[i];
        if (facts.bytes) {
            bytes[i] = i < 256 ? std::string(1, static_cast<char>(i)) : text;
            continue;
        }
        std::optional<std::string> meant = bytes_of_printable(text);
        if (meant && facts.kind.whole_words) whole_words.emplace(*meant, static_cast<TokenId>(i));
        bytes[i] = meant ? std::move(*meant) : text;
    }
    for (const AddedToken& token : facts.added)
        bytes[static_cast<std::size_t>(token.id)] = token.text;
}

void Tokenizer::Impl::encode_piece(std::string_view piece, const Progress& progress,
                                   std::vector<TokenId>& ids) const {
    const auto whole =
        whole_words.empty() ? whole_words.end() : whole_words.find(std::string(piece));
    if (whole != whole_words.end())
        ids.push_back(whole->second);
    else
        encoder->encode(piece, ids, progress);
}

void Tokenizer::encode_plain(std::string_view text, MergeCache* cache, const Progress& progress,
                             std::vector<TokenId>& ids) const {
    if (!impl_->encoder) {
        for (const char byte : text) ids.push_back(static_cast<unsigned char>(byte));
        return;
    }
    std::size_t since_check = 0;
    impl_->pre->split(text, [&](std::string_view piece) {
        if ((since_check += piece.size()) > kBytesBetweenChecks) {
            progress.check();
            since_check = 0;
        }
        if (cache == nullptr) {
            impl_->encode_piece(piece, progress, ids);
            return;
        }
        if (const auto known = cache->pieces_.find(piece); known != cache->pieces_.end()) {
            ++cache->hits_;
            ids.insert(ids.end(), known->second.begin(), known->second.end());
            return;
        }
        ++cache->misses_;
        const std::size_t before = ids.size();
        impl_->encode_piece(piece, progress, ids);
        if (cache->pieces_.size() < cache->capacity_)
            cache->pieces_.emplace(
                piece,
                std::vector<TokenId>(ids.begin() + static_cast<std::ptrdiff_t>(before), ids.end()));
    });
}

Tokenizer::Tokenizer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Tokenizer::~Tokenizer() = default;
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;

Tokenizer Tokenizer::from_checkpoint(const Checkpoint& checkpoint) {
    TokenizerFacts facts = read_tokenizer_facts(checkpoint);
    auto impl = std::make_unique<Impl>();
    impl->kind = facts.bytes ? "bytes" : "gpt2 (" + facts.pre + ")";
    impl->set_bytes(facts);
    if (!facts.bytes) {
        impl->pre = std::make_unique<PreTokenizer>(facts.kind.cut);
        std::unordered_map<std::string_view, TokenId> ids;
        ids.reserve(facts.tokens->size());
        for (std::size_t i = 0; i < facts.tokens->size(); ++i)
            ids.emplace((*facts.tokens)[i], static_cast<TokenId>(i));
        impl->encoder = std::make_unique<BytePairEncoder>(*facts.merges, ids, checkpoint.source,
                                                          facts.unknown, facts.fuses_unknown);
    }
    impl->adds_bos = facts.adds_bos;
    impl->bos = facts.bos;
    impl->eos = facts.eos;
    impl->ends.resize(impl->bytes.size());
    for (const TokenId end : facts.ends) impl->ends[static_cast<std::size_t>(end)] = true;
    impl->added = std::make_unique<AddedTokens>(
        std::move(facts.added),
        facts.composes ? AddedTokens::Change(composed) : AddedTokens::Change());
    return Tokenizer(std::move(impl));
}

std::vector<TokenId> Tokenizer::encode(std::string_view text, SpecialTokens specials,
                                       MergeCache* cache, const Progress& progress) const {
    // The passes that cut a text, and the search for added tokens, go over runs of one character
    // without a sign of life.
    const LongStep cutting(
        std::chrono::seconds(5 + static_cast<std::int64_t>(text.size() / kSlowBytesPerSecond)));
    std::vector<TokenId> ids;
    ids.reserve(text.size() / 3 + 8);
    impl_->added->split(
        text, specials == SpecialTokens::parse,
        [&](std::string_view plain) { encode_plain(plain, cache, progress, ids); },
        [&ids](TokenId token) { ids.push_back(token); });
    return ids;
}

std::string Tokenizer::token_bytes(TokenId id) const {
    if (id < 0 || id >= size())
        throw Error(ErrorDetails{"", "", "token id", std::to_string(id),
                                 fmt::format("0 to {}", size() - 1)});
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
