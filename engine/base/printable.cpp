// SPDX-License-Identifier: Apache-2.0
#include "engine/base/printable.h"

#include <fmt/format.h>

#include <cstdint>

#include "engine/base/utf8.h"

namespace hone {
namespace {

bool misleads(std::uint32_t point) {
    return point < 0x20 || (point >= 0x7F && point < 0xA0) || point == 0x061C || point == 0x200E ||
           point == 0x200F || (point >= 0x2028 && point <= 0x202E) ||
           (point >= 0x2066 && point <= 0x2069);
}

std::string written_out(std::string_view text, bool lines) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const std::size_t length = utf8_character(text);
        const std::uint32_t point = length == 0 ? static_cast<std::uint8_t>(text[0])
                                                : utf8_code_point(text.substr(0, length));
        if (length == 0)
            out += fmt::format("\\x{:02X}", point);
        else if (!misleads(point) || (lines && (point == '\n' || point == '\t')))
            out += text.substr(0, length);
        else if (point == '\n')
            out += "\\n";
        else if (point == '\t')
            out += "\\t";
        else if (point == '\r')
            out += "\\r";
        else
            out +=
                point < 0x100 ? fmt::format("\\x{:02X}", point) : fmt::format("\\u{:04X}", point);
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return out;
}

}  // namespace

std::string printable(std::string_view text) {
    return written_out(text, false);
}

std::string printable_lines(std::string_view text) {
    return written_out(text, true);
}

}  // namespace hone
