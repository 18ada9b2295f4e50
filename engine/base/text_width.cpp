// SPDX-License-Identifier: Apache-2.0
#include "engine/base/text_width.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "engine/base/utf8.h"

namespace hone {
namespace {

struct Range {
    std::uint32_t first, last;
};

// Blocks of nothing but combining marks, and what has no width (Unicode 15, DerivedGeneralCategory
// Mn, Me and Cf: the larger runs).
constexpr Range kNone[] = {
    {0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x0610, 0x061A}, {0x064B, 0x065F},
    {0x06D6, 0x06DC}, {0x0900, 0x0902}, {0x0E34, 0x0E3A}, {0x0E47, 0x0E4E}, {0x1AB0, 0x1ACE},
    {0x1DC0, 0x1DFF}, {0x200B, 0x200F}, {0x2060, 0x2064}, {0x20D0, 0x20F0}, {0x302A, 0x302D},
    {0x3099, 0x309A}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF}, {0xE0100, 0xE01EF}};
// EastAsianWidth W and F, with the emoji that terminals draw wide.
constexpr Range kWide[] = {{0x1100, 0x115F},   {0x231A, 0x231B},   {0x2E80, 0x303E},
                           {0x3041, 0x33FF},   {0x3400, 0x4DBF},   {0x4E00, 0x9FFF},
                           {0xA000, 0xA4CF},   {0xA960, 0xA97C},   {0xAC00, 0xD7A3},
                           {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},
                           {0xFFE0, 0xFFE6},   {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF},
                           {0x1F900, 0x1F9FF}, {0x1FA70, 0x1FAFF}, {0x20000, 0x3FFFD}};

template <std::size_t N>
bool within(const Range (&ranges)[N], std::uint32_t point) {
    const auto after = std::upper_bound(
        std::begin(ranges), std::end(ranges), point,
        [](std::uint32_t value, const Range& range) { return value < range.first; });
    return after != std::begin(ranges) && point <= std::prev(after)->last;
}

std::size_t character_width(std::string_view character) {
    const std::uint32_t point = utf8_code_point(character);
    if (point < 0x300) return 1;
    return within(kNone, point) ? 0 : within(kWide, point) ? 2 : 1;
}

}  // namespace

std::size_t text_width(std::string_view text) {
    std::size_t width = 0;
    while (!text.empty()) {
        const std::size_t length = utf8_character(text);
        width += length == 0 ? 1 : character_width(text.substr(0, length));
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return width;
}

std::string shortened(std::string_view text, std::size_t columns) {
    if (text.size() <= columns || text_width(text) <= columns) return std::string(text);
    std::size_t end = 0, width = 0;
    while (end < text.size()) {
        const std::size_t length = std::max<std::size_t>(1, utf8_character(text.substr(end)));
        const std::size_t next = width + text_width(text.substr(end, length));
        if (next + 1 > columns) break;
        width = next;
        end += length;
    }
    return std::string(text.substr(0, end)) + "…";
}

}  // namespace hone
