// SPDX-License-Identifier: Apache-2.0
#include "engine/base/utf8.h"

namespace hone {
namespace {

unsigned byte_at(std::string_view text, std::size_t index) {
    return static_cast<unsigned char>(text[index]);
}

}  // namespace

std::size_t utf8_character(std::string_view text) {
    const unsigned lead = byte_at(text, 0);
    if (lead < 0x80) return 1;
    const std::size_t length = lead >= 0xC2 && lead <= 0xDF   ? 2
                               : lead >= 0xE0 && lead <= 0xEF ? 3
                               : lead >= 0xF0 && lead <= 0xF4 ? 4
                                                              : 0;
    if (length == 0 || text.size() < length) return 0;
    const unsigned second = byte_at(text, 1);
    // The second byte's range excludes overlong forms, surrogates and what lies above U+10FFFF.
    const unsigned lowest = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    const unsigned highest = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (second < lowest || second > highest) return 0;
    for (std::size_t i = 2; i < length; ++i) {
        if ((byte_at(text, i) & 0xC0U) != 0x80) return 0;
    }
    return length;
}

std::uint32_t utf8_code_point(std::string_view character) {
    if (character.size() == 1) return byte_at(character, 0);
    std::uint32_t point = byte_at(character, 0) & (0x7FU >> character.size());
    for (std::size_t i = 1; i < character.size(); ++i)
        point = point << 6U | (byte_at(character, i) & 0x3FU);
    return point;
}

std::size_t valid_utf8_prefix(std::string_view text) {
    std::size_t position = 0;
    while (position < text.size()) {
        const std::size_t length = utf8_character(text.substr(position));
        if (length == 0) break;
        position += length;
    }
    return position;
}

}  // namespace hone
