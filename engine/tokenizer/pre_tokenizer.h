// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "engine/formats/tokenizer_kinds.h"

namespace hone {

// Cuts a text into the pieces that byte-level BPE never merges across. A cut is one pass after the
// other, each within the parts that the one before left: what a pattern asks about the end of a
// text, it asks about the end of its part. Takes time in proportion to the text, whatever is in it.
// The passes match the patterns of the kinds' tokenizer.json and of llama.cpp; they were compared
// with both over random texts and over every code point (tests/tokenizer).
class PreTokenizer {
public:
    explicit PreTokenizer(TextCut cut);

    // Calls `piece` for consecutive parts that make up `text` in order. Bytes that are no UTF-8
    // come one by one, and what stands before and after one is cut as if the text ended and began
    // there.
    void split(std::string_view text,
               const std::function<void(std::string_view piece)>& piece) const;

private:
    // The length of the part that `text`, which is valid and not empty, begins with.
    using Pass = std::size_t (*)(std::string_view text);
    static std::span<const Pass> passes_of(TextCut cut);

    std::span<const Pass> passes_;
};

}  // namespace hone
