// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace hone {

// What the cuts of texts tell apart. The table is Unicode 16's, as Hugging Face's tokenizers 0.23
// has it, and not that of a library on the machine: the same text has the same ids everywhere. A
// code point that Unicode 16 does not assign is `other`.
enum class UnicodeClass : std::uint8_t {
    other,
    letter,        // L
    number,        // Nd, Nl
    other_number,  // No: ½, ², ③
    connector,     // Pc
    punctuation,   // the rest of P
    mark,          // M
    space,         // White_Space: U+180E is none
    word_sign  // Alphabetic signs that are no letters (Ⓐ), and the two joiners: \w, and nothing
               // else here
};

struct UnicodeRange {
    std::uint32_t first, last;
    UnicodeClass kind;
};

// All but `other`, ascending. See unicode_ranges.cpp.
std::span<const UnicodeRange> unicode_ranges();

// The ranges, to be looked up in constant time.
class UnicodeTable {
public:
    static const UnicodeTable& instance();

    UnicodeClass of(std::uint32_t point) const {
        return pages_[page_of_[point >> 8U]][point & 0xFFU];
    }

private:
    UnicodeTable();
    using Page = std::array<UnicodeClass, 256>;
    std::array<std::uint16_t, 0x1100> page_of_{};
    std::vector<Page> pages_;  // those that differ
};

struct Utf8Point {
    std::uint32_t point;
    std::size_t bytes;
};

// The character at `at`, where `text` is valid UTF-8 and longer than `at`.
inline Utf8Point utf8_point(std::string_view text, std::size_t at) {
    const auto byte = [text, at](std::size_t i) {
        return static_cast<std::uint32_t>(static_cast<unsigned char>(text[at + i]));
    };
    const std::uint32_t lead = byte(0);
    if (lead < 0x80) return {lead, 1};
    if (lead < 0xE0) return {(lead & 0x1FU) << 6U | (byte(1) & 0x3FU), 2};
    if (lead < 0xF0) return {(lead & 0xFU) << 12U | (byte(1) & 0x3FU) << 6U | (byte(2) & 0x3FU), 3};
    return {
        (lead & 7U) << 18U | (byte(1) & 0x3FU) << 12U | (byte(2) & 0x3FU) << 6U | (byte(3) & 0x3FU),
        4};
}

// \w of regular expressions: letters, marks, digits, connectors, joiners. Not ½.
bool is_word(UnicodeClass kind);

}  // namespace hone
