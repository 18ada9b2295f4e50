// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace hone::ui {

// Which tokens of two answers have no counterpart in the other: all that are not in a longest
// common subsequence of the ids, so that one inserted token does not make all that follow differ.
struct TokenDifference {
    std::vector<bool> first, second;    // by position: differs
    std::optional<std::size_t> begins;  // the position from which on the two are not the same
    std::size_t count() const;          // tokens of the second that differ
};
TokenDifference tokenDifference(const std::vector<std::int64_t>& first,
                                const std::vector<std::int64_t>& second);

}  // namespace hone::ui
