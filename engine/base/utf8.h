// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace hone {

// Bytes of the character that `text`, which is not empty, starts with; 0 where that is not valid
// UTF-8.
std::size_t utf8_character(std::string_view text);

// The code point of one character, which is valid UTF-8.
std::uint32_t utf8_code_point(std::string_view character);

// Bytes of the longest prefix that is valid UTF-8 (RFC 3629: no surrogates, no overlong forms); the
// text's size where all of it is.
std::size_t valid_utf8_prefix(std::string_view text);

}  // namespace hone
