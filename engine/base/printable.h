// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace hone {

// `text` with what a terminal, a table or a person could be misled by written out: control
// characters (C0, DEL, C1, line and paragraph separators) as \n, \t, \r, \x1B or \u2028, marks that
// turn the direction of text as \u202E, and bytes that are not UTF-8 as \xE6. Everything else, a
// backslash too, stays as it is: this is for reading, not for reading back.
std::string printable(std::string_view text);

// The same for text of several lines: line ends and tabs stay.
std::string printable_lines(std::string_view text);

}  // namespace hone
