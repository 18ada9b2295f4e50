// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace hone {

// Columns that `text` (UTF-8) takes in a terminal: 2 for wide characters (East Asian Width W and F,
// emoji), 0 for marks that combine, 1 for everything else, a byte that is no UTF-8 included.
std::size_t text_width(std::string_view text);

// `text` where it fits into `columns`, else its beginning and an ellipsis, never within a
// character.
std::string shortened(std::string_view text, std::size_t columns);

}  // namespace hone
