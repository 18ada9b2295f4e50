// SPDX-License-Identifier: Apache-2.0
#include "engine/tokenizer/added_tokens.h"

#include <algorithm>

#include "engine/base/utf8.h"
#include "engine/tokenizer/unicode_classes.h"

namespace hone {
namespace {

UnicodeClass class_at(std::string_view text, std::size_t at) {
    if (utf8_character(text.substr(at)) == 0) return UnicodeClass::other;
    return UnicodeTable::instance().of(utf8_point(text, at).point);
}

// Where the character that ends before `end` begins.
std::size_t character_before(std::string_view text, std::size_t end) {
    std::size_t at = end - 1;
    while (at > 0 && end - at < 4 && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80) --at;
    return utf8_character(text.substr(at)) == end - at ? at : end - 1;
}

std::size_t without_space_before(std::string_view text, std::size_t end, std::size_t least) {
    while (end > least) {
        const std::size_t at = character_before(text, end);
        if (at < least || class_at(text, at) != UnicodeClass::space) break;
        end = at;
    }
    return end;
}

std::size_t with_space_after(std::string_view text, std::size_t at) {
    while (at < text.size() && class_at(text, at) == UnicodeClass::space)
        at += utf8_point(text, at).bytes;
    return at;
}

bool stands_alone(std::string_view text, std::size_t begin, std::size_t end) {
    const bool before = begin > 0 && is_word(class_at(text, character_before(text, begin)));
    const bool after = end < text.size() && is_word(class_at(text, end));
    return !before && !after;
}

}  // namespace

void AddedTokens::Tree::add(std::string_view text, std::size_t token) {
    if (text.empty()) return;
    if (tokens_.empty()) tokens_.push_back(-1);
    starts_[static_cast<unsigned char>(text[0])] = true;
    std::uint32_t node = 0;
    for (const char c : text) {
        const std::uint64_t edge = std::uint64_t{node} << 8U | static_cast<unsigned char>(c);
        const auto [found, added] = next_.emplace(edge, static_cast<std::uint32_t>(tokens_.size()));
        if (added) tokens_.push_back(-1);
        node = found->second;
    }
    tokens_[node] = static_cast<std::int64_t>(token);
}

std::int64_t AddedTokens::Tree::longest(std::string_view text) const {
    if (!starts_[static_cast<unsigned char>(text[0])]) return -1;
    std::int64_t longest = -1;
    std::uint32_t node = 0;
    for (const char c : text) {
        const auto found = next_.find(std::uint64_t{node} << 8U | static_cast<unsigned char>(c));
        if (found == next_.end()) break;
        node = found->second;
        if (tokens_[node] >= 0) longest = tokens_[node];
    }
    return longest;
}

AddedTokens::AddedTokens(std::vector<AddedToken> tokens, Change change)
    : tokens_(std::move(tokens)), change_(std::move(change)) {
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
        if (tokens_[i].normalized && change_) tokens_[i].text = change_(tokens_[i].text);
        (tokens_[i].normalized ? normalized_ : first_).add(tokens_[i].text, i);
    }
}

void AddedTokens::split_by(const Tree& tree, std::string_view text, bool parse_controls,
                           const std::function<void(std::string_view)>& plain,
                           const std::function<void(std::int32_t)>& token) const {
    std::size_t done = 0;
    for (std::size_t at = 0; !tree.empty() && at < text.size();) {
        const std::int64_t index = tree.longest(text.substr(at));
        if (index < 0) {
            ++at;
            continue;
        }
        const AddedToken& found = tokens_[static_cast<std::size_t>(index)];
        const std::size_t end = at + found.text.size();
        if ((found.control && !parse_controls) ||
            (found.single_word && !stands_alone(text, at, end))) {
            at = end;
            continue;
        }
        const std::size_t begin = found.strips_left ? without_space_before(text, at, done) : at;
        if (done < begin) plain(text.substr(done, begin - done));
        token(found.id);
        done = std::max(done, found.strips_right ? with_space_after(text, end) : end);
        at = end;
    }
    if (done < text.size()) plain(text.substr(done));
}

void AddedTokens::split(std::string_view text, bool parse_controls,
                        const std::function<void(std::string_view)>& plain,
                        const std::function<void(std::int32_t)>& token) const {
    split_by(
        first_, text, parse_controls,
        [&](std::string_view part) {
            if (change_)
                split_by(normalized_, change_(part), parse_controls, plain, token);
            else
                split_by(normalized_, part, parse_controls, plain, token);
        },
        token);
}

}  // namespace hone
