#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make_cuts_fixture.py > tests/fixtures/cuts.jsonl: how Hugging Face's tokenizers cuts texts into words.

Needs `pip install tokenizers==0.23.3`. One line a text: the pieces of each cut. "default" is llama.cpp's four patterns, one after
the other; its pieces were compared with llama.cpp itself.
"""
import json
import random

from tokenizers import Regex, pre_tokenizers

GPT2 = r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|"
          r"\s+(?!\S)|\s+")
QWEN2 = LLAMA3.replace("{1,3}", "")
CUTS = {"gpt-2": [GPT2], "smollm": [r"\p{N}", GPT2], "llama-bpe": [LLAMA3], "qwen2": [QWEN2],
        "default": [r"[\p{P}\$\+<=>\^~\|]+", GPT2, r"\p{N}+", "[0-9][0-9][0-9]"]}
TEXTS = [
    "the 1234 herons cost $5 and 12345", "the 12345 herons $5+6=11, 100°", "ied 4 ½ months; ٣ and ३, Ⅷ, ²; 1234567 12 345",
    "a\u00a0b\u1680c\u180ed\u2003e\u2028f\u2029g\u202fh\u205fi\u3000j\u0085k\u200bl\ufeffm\x0bn\x0co",
    "👨‍👩‍👧‍👦 🏳️‍🌈 e\u0301 ทดสอบ 漢字かな 한국어 עִבְרִית 🇫🇷", "I'm you'LL don'T it'ſ we'RE 'S’s I'd'Ve 'x ''s '",
    "a  b   c\n\n\nd \n e\t\tf   \n   g\r\n\r\nh  1  2   3 \n 4", "x\u180e y \u180ez \u180e\u180e 1", "   ", "\n \n", " \r\n\t", "5   6", "  7", "½½½½½",
    "(a) [b] {c}\n\n-- ... !?\r\n", "Ⓐ_‿a  ①b ª º ʰ ǅ", "the<|im_end|> |x| ~y^ `z`", "\u200d\u0301a\u0301 \u0301",
]
ALPHABET = (list(" \t\n\r'aabstSTrevlmdLL1234567890.,-$+=<>^~|`_!?%&#@*/\\\"()[]{}") +
            list("é½²Ⅷ٣ſ’“—水\u00a0\u180e\u2028\u3000\u0085\u200b\u0301👨ªⒶ‿€") + [" "] * 8 + ["\n"] * 3)


def pieces(patterns, text):
    split = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(p), "isolated") for p in patterns])
    return [text[begin:end] for _, (begin, end) in split.pre_tokenize_str(text)]


def main():
    chance = random.Random(20)
    texts = TEXTS + ["".join(chance.choice(ALPHABET) for _ in range(chance.randrange(2, 40))) for _ in range(100)]
    for text in texts:
        print(json.dumps({"text": text, **{name: pieces(patterns, text) for name, patterns in CUTS.items()}}))


if __name__ == "__main__":
    main()
