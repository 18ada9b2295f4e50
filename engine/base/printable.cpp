// SPDX-License-Identifier: Apache-2.0
#include "engine/base/printable.h"

#include <fmt/format.h>

#include <cstdint>

#include "engine/base/utf8.h"

namespace hone {
namespace {

// The code point of a character of valid UTF-8.
std::uint32_t code_point(std::string_view character) {
    const auto byte = [&](std::size_t i) {
        return static_cast<std::uint32_t>(static_cast<std::uint8_t>(character[i]));
    };
    if (character.size() == 1) return byte(0);
    std::uint32_t point = byte(0) & (0x7Fu >> character.size());
    for (std::size_t i = 1; i < character.size(); ++i) point = point << 6 | (byte(i) & 0x3Fu);
    return point;
}

bool misleads(std::uint32_t point) {
    return point < 0x20 || (point >= 0x7F && point < 0xA0) || point == 0x061C || point == 0x200E ||
           point == 0x200F || (point >= 0x2028 && point <= 0x202E) || (point >= 0x2066 && point <= 0x2069);
}

}  // namespace

std::string printable(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const std::size_t length = utf8_character(text);
        const std::uint32_t point = code_point(text.substr(0, length == 0 ? 1 : length));
        if (length == 0)
            out += fmt::format("\\x{:02X}", point);
        else if (!misleads(point))
            out += text.substr(0, length);
        else if (point == '\n')
            out += "\\n";
        else if (point == '\t')
            out += "\\t";
        else if (point == '\r')
            out += "\\r";
        else
            out += point < 0x100 ? fmt::format("\\x{:02X}", point) : fmt::format("\\u{:04X}", point);
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return out;
}

}  // namespace hone
