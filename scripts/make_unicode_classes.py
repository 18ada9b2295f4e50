#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make_unicode_classes.py > engine/tokenizer/unicode_ranges.cpp

Writes the classes of all code points as Hugging Face's tokenizers 0.23 sees them (its regular expressions' Unicode 16), so that
texts are cut the same whatever libraries a machine has. Needs `pip install tokenizers==0.23.3`.
"""
from tokenizers import Regex, pre_tokenizers

POINTS = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]
CLASSES = {"letter": r"\p{L}", "number": r"[\p{Nd}\p{Nl}]", "other_number": r"\p{No}", "connector": r"\p{Pc}",
           "punctuation": r"[\p{P}&&[^\p{Pc}]]", "mark": r"\p{M}", "space": r"\s",
           # Alphabetic signs that are no letters (circled ones), and the two joiners: parts of words.
           "word_sign": r"[[\p{Alphabetic}&&[^\p{L}\p{N}\p{M}]]\u200C\u200D]"}
SHORT = {"letter": "L", "number": "N", "other_number": "No", "connector": "Pc", "punctuation": "P", "mark": "M", "space": "Z",
         "word_sign": "W"}
HEAD = """// SPDX-License-Identifier: Apache-2.0
// Written by scripts/make_unicode_classes.py from Unicode 16: do not edit.
#include "engine/tokenizer/unicode_classes.h"

namespace hone {
namespace {

constexpr auto L = UnicodeClass::letter, N = UnicodeClass::number, No = UnicodeClass::other_number,
               Pc = UnicodeClass::connector, P = UnicodeClass::punctuation, M = UnicodeClass::mark,
               Z = UnicodeClass::space, W = UnicodeClass::word_sign;

// clang-format off
constexpr UnicodeRange kRanges[] = {
"""
TAIL = """};
// clang-format on

}  // namespace

std::span<const UnicodeRange> unicode_ranges() {
    return kRanges;
}

}  // namespace hone
"""


def matching(pattern):
    """The code points that `pattern` matches."""
    split, found = pre_tokenizers.Split(Regex(pattern), "removed"), set()
    for i in range(0, len(POINTS), 4000):
        text = "".join(map(chr, POINTS[i:i + 4000]))
        kept = {character for piece, _ in split.pre_tokenize_str(text) for character in piece}
        found.update(ord(character) for character in text if character not in kept)
    return found


def main():
    of_point = {}
    for name, pattern in CLASSES.items():
        for point in matching(pattern):
            assert point not in of_point, (hex(point), name, of_point[point])
            of_point[point] = name
    ranges = []
    for point in sorted(of_point):
        if ranges and ranges[-1][1] == point - 1 and ranges[-1][2] == of_point[point]:
            ranges[-1][1] = point
        else:
            ranges.append([point, point, of_point[point]])
    print(HEAD, end="")
    line = "   "
    for first, last, name in ranges:
        entry = f" {{0x{first:X},0x{last:X},{SHORT[name]}}},"
        if len(line + entry) > 132:
            print(line)
            line = "   "
        line += entry
    print(line)
    print(TAIL, end="")


if __name__ == "__main__":
    main()
