// SPDX-License-Identifier: Apache-2.0
#include "engine/tokenizer/pre_tokenizer.h"

#include <array>
#include <string>

#include "engine/base/utf8.h"
#include "engine/tokenizer/unicode_classes.h"

namespace hone {
namespace {

enum class Group { letter, number, space, other };

Group group_of(UnicodeClass kind) {
    switch (kind) {
        case UnicodeClass::letter:
            return Group::letter;
        case UnicodeClass::number:
        case UnicodeClass::other_number:
            return Group::number;
        case UnicodeClass::space:
            return Group::space;
        default:
            return Group::other;
    }
}

// Most of most texts: without a look at the table.
constexpr std::array<Group, 128> kAscii = [] {
    std::array<Group, 128> groups{};
    for (std::size_t c = 0; c < groups.size(); ++c) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        const bool space = c == ' ' || (c >= '\t' && c <= '\r');
        groups[c] = letter                 ? Group::letter
                    : c >= '0' && c <= '9' ? Group::number
                    : space                ? Group::space
                                           : Group::other;
    }
    return groups;
}();

struct Character {
    Group group;
    std::size_t bytes;
};

Character character_at(std::string_view text, std::size_t at) {
    const auto lead = static_cast<unsigned char>(text[at]);
    if (lead < kAscii.size()) return {kAscii[lead], 1};
    const Utf8Point found = utf8_point(text, at);
    return {group_of(UnicodeTable::instance().of(found.point)), found.bytes};
}

// Where the run of characters of `group` that begins at `at` ends.
std::size_t end_of_group(std::string_view text, std::size_t at, Group group) {
    while (at < text.size()) {
        const Character next = character_at(text, at);
        if (next.group != group) break;
        at += next.bytes;
    }
    return at;
}

bool is_line_break(char c) {
    return c == '\r' || c == '\n';
}

// The length of 's, 't, 'm, 'd, 're, 've or 'll at the start of `text`; 0 where there is none.
// `any_case`: as (?i:…) has it, for which the long s is an s.
std::size_t contraction(std::string_view text, bool any_case) {
    const auto letter = [text, any_case](std::size_t i) {
        const char c = i < text.size() ? text[i] : '\0';
        return any_case && c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    };
    if (letter(0) != '\'') return 0;
    const char first = letter(1), second = letter(2);
    if (first == 's' || first == 't' || first == 'm' || first == 'd') return 2;
    if ((first == 'r' && second == 'e') || (first == 'v' && second == 'e') ||
        (first == 'l' && second == 'l'))
        return 3;
    constexpr std::string_view kLongS = "'\u017F";
    return any_case && text.starts_with(kLongS) ? kLongS.size() : 0;
}

// \s+(?!\S)|\s+ : all of a run at the end of the part, else all but the last character, which may
// belong to what follows.
std::size_t white_space(std::string_view text) {
    std::size_t end = 0, last = 0;
    while (end < text.size()) {
        const Character next = character_at(text, end);
        if (next.group != Group::space) break;
        last = end;
        end += next.bytes;
    }
    return end == text.size() || last == 0 ? end : last;
}

// GPT-2 (Radford et al. 2019, encoder.py): 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+|
// ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
std::size_t gpt2(std::string_view text) {
    if (const std::size_t length = contraction(text, false)) return length;
    const std::size_t skip = text[0] == ' ' ? 1 : 0;
    if (skip < text.size()) {
        const Group group = character_at(text, skip).group;
        if (group != Group::space) return end_of_group(text, skip, group);
    }
    return white_space(text);
}

// Llama 3 (its tokenizer.json): (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|
// ?[^\s\p{L}\p{N}]+[\r\n]*| \s*[\r\n]+|\s+(?!\S)|\s+ Qwen 2 (its tokenizer.json) has \p{N} for
// \p{N}{1,3}.
template <int kMostDigits>
std::size_t llama3(std::string_view text) {
    if (const std::size_t length = contraction(text, true)) return length;
    const Character first = character_at(text, 0);
    if (first.group == Group::letter) return end_of_group(text, 0, Group::letter);
    if (first.group == Group::number) {
        std::size_t end = first.bytes;
        for (int more = 1; more < kMostDigits && end < text.size(); ++more) {
            const Character next = character_at(text, end);
            if (next.group != Group::number) break;
            end += next.bytes;
        }
        return end;
    }
    const bool letters_follow =
        first.bytes < text.size() && character_at(text, first.bytes).group == Group::letter;
    if (letters_follow && !is_line_break(text[0]))
        return end_of_group(text, first.bytes, Group::letter);
    const std::size_t skip = text[0] == ' ' ? 1 : 0;
    if (skip < text.size() && character_at(text, skip).group == Group::other) {
        std::size_t end = end_of_group(text, skip, Group::other);
        while (end < text.size() && is_line_break(text[end])) ++end;
        return end;
    }
    const std::string_view blank = text.substr(0, end_of_group(text, 0, Group::space));
    const std::size_t line_break = blank.find_last_of("\r\n");
    return line_break == std::string_view::npos ? white_space(text) : line_break + 1;
}

// Where the next number begins.
std::size_t next_number(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size()) {
        const Character next = character_at(text, at);
        if (next.group == Group::number) break;
        at += next.bytes;
    }
    return at;
}

// \p{N}, each alone.
std::size_t each_number(std::string_view text) {
    const Character first = character_at(text, 0);
    return first.group == Group::number ? first.bytes : next_number(text);
}

// \p{N}+
std::size_t numbers(std::string_view text) {
    return character_at(text, 0).group == Group::number ? end_of_group(text, 0, Group::number)
                                                        : next_number(text);
}

// [0-9][0-9][0-9]
std::size_t three_digits(std::string_view text) {
    std::size_t digits = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        digits = text[i] >= '0' && text[i] <= '9' ? digits + 1 : 0;
        if (digits == 3) return i == 2 ? 3 : i - 2;
    }
    return text.size();
}

// [\p{P}$+<=>^~|]+
std::size_t marks(std::string_view text) {
    const UnicodeTable& table = UnicodeTable::instance();
    const auto is_mark = [&table](std::uint32_t point) {
        const UnicodeClass kind = table.of(point);
        return kind == UnicodeClass::punctuation || kind == UnicodeClass::connector ||
               (point < 0x80 && std::string_view("$+<=>^~|").find(static_cast<char>(point)) !=
                                    std::string_view::npos);
    };
    const bool mark = is_mark(utf8_point(text, 0).point);
    std::size_t at = 0;
    while (at < text.size()) {
        const Utf8Point next = utf8_point(text, at);
        if (is_mark(next.point) != mark) break;
        at += next.bytes;
    }
    return at;
}

template <typename Pass, typename Piece>
void cut_up(std::string_view text, std::span<const Pass> passes, const Piece& piece) {
    while (!text.empty()) {
        const std::string_view part = text.substr(0, passes.front()(text));
        if (passes.size() == 1)
            piece(part);
        else
            cut_up(part, passes.subspan(1), piece);
        text.remove_prefix(part.size());
    }
}

}  // namespace

PreTokenizer::PreTokenizer(TextCut cut) : passes_(passes_of(cut)) {}

std::span<const PreTokenizer::Pass> PreTokenizer::passes_of(TextCut cut) {
    static constexpr std::array<Pass, 1> kGpt2{gpt2}, kLlama3{llama3<3>}, kQwen2{llama3<1>};
    static constexpr std::array<Pass, 2> kSmollm{each_number, gpt2};
    static constexpr std::array<Pass, 4> kStandard{marks, gpt2, numbers, three_digits};
    switch (cut) {
        case TextCut::gpt2:
            return kGpt2;
        case TextCut::smollm:
            return kSmollm;
        case TextCut::llama3:
            return kLlama3;
        case TextCut::qwen2:
            return kQwen2;
        case TextCut::standard:
            break;
    }
    return kStandard;
}

void PreTokenizer::split(std::string_view text,
                         const std::function<void(std::string_view)>& piece) const {
    while (!text.empty()) {
        const std::size_t valid = valid_utf8_prefix(text);
        cut_up(text.substr(0, valid), passes_, piece);
        text.remove_prefix(valid);
        if (text.empty()) return;
        piece(text.substr(0, 1));
        text.remove_prefix(1);
    }
}

}  // namespace hone
