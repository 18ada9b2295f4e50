// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine/tokenizer/pre_tokenizer.h"
#include "engine/tokenizer/unicode_classes.h"
#include "tests/paths/paths.h"

namespace hone {
namespace {

std::vector<std::string> pieces(TextCut cut, std::string_view text) {
    std::vector<std::string> found;
    PreTokenizer(cut).split(text, [&found](std::string_view piece) { found.emplace_back(piece); });
    return found;
}

// Made by make_cuts_fixture.py with tokenizers 0.23.3.
TEST(PreTokenizer, CutsAsTokenizersDoes) {
    std::ifstream stream(test::fixtures() + "/cuts.jsonl");
    std::string line;
    int rows = 0;
    while (std::getline(stream, line)) {
        const auto golden = nlohmann::json::parse(line);
        const auto text = golden["text"].get<std::string>();
        for (const char* name : {"gpt-2", "smollm", "llama-bpe", "qwen2", "default"})
            EXPECT_EQ(pieces(tokenizer_kind(name)->cut, text),
                      golden[name].get<std::vector<std::string>>())
                << name << ": " << text;
        ++rows;
    }
    EXPECT_EQ(rows, 118);
}

TEST(PreTokenizer, BytesThatAreNoUtf8ComeAloneAndEndAPart) {
    EXPECT_EQ(pieces(TextCut::gpt2, "ab \xE6\xAD  \xFFz"),
              (std::vector<std::string>{"ab", " ", "\xE6", "\xAD", "  ", "\xFF", "z"}));
    // A surrogate is none, nor is an overlong form.
    EXPECT_EQ(pieces(TextCut::smollm, "a\xED\xA0\x80"),
              (std::vector<std::string>{"a", "\xED", "\xA0", "\x80"}));
    EXPECT_EQ(pieces(TextCut::llama3, "a\xC0\xAF"),
              (std::vector<std::string>{"a", "\xC0", "\xAF"}));
}

// How many code points tokenizers 0.23.3 matches to \p{L}, \p{N}, \p{P}, \p{M} and \s, each asked
// one by one; llama.cpp, which has Unicode 15, differs in code points that came later and in no
// other.
TEST(UnicodeTable, HasTheClassesOfUnicode16) {
    const UnicodeTable& table = UnicodeTable::instance();
    std::map<UnicodeClass, int> count;
    for (std::uint32_t point = 0; point < 0x110000; ++point) ++count[table.of(point)];
    EXPECT_EQ(count[UnicodeClass::letter], 141028);
    EXPECT_EQ(count[UnicodeClass::number] + count[UnicodeClass::other_number], 1911);
    EXPECT_EQ(count[UnicodeClass::punctuation] + count[UnicodeClass::connector], 855);
    EXPECT_EQ(count[UnicodeClass::mark], 2501);
    std::vector<std::uint32_t> spaces;
    for (std::uint32_t point = 0; point < 0x110000; ++point) {
        if (table.of(point) == UnicodeClass::space) spaces.push_back(point);
    }
    const std::vector<std::uint32_t> expected{
        0x9,    0xA,    0xB,    0xC,    0xD,    0x20,   0x85,   0xA0,   0x1680,
        0x2000, 0x2001, 0x2002, 0x2003, 0x2004, 0x2005, 0x2006, 0x2007, 0x2008,
        0x2009, 0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000};
    EXPECT_EQ(spaces, expected) << "U+180E is not among them";
    EXPECT_EQ(table.of(0x180E), UnicodeClass::other);
    EXPECT_TRUE(is_word(table.of(0x24B6))) << "a circled letter is Alphabetic";
    EXPECT_FALSE(is_word(table.of(0xBD))) << "a half is a number, and not in a word";
}

TEST(PreTokenizer, TakesTimeInProportionToTheText) {
    const std::size_t size = std::size_t{4} << 20;
    std::string heron;
    while (heron.size() < size) heron += "theheron";
    const std::vector<std::string> texts{std::string(size, ' '),       std::string(size, '\n'),
                                         std::string(size, ' ') + "1", std::string(size, 'a'),
                                         std::string(size, '1'),       std::string(size, '.'),
                                         std::string(size, '\xFF'),    heron};
    for (const std::string& text : texts) {
        for (const TextCut cut :
             {TextCut::gpt2, TextCut::smollm, TextCut::llama3, TextCut::standard}) {
            const auto begin = std::chrono::steady_clock::now();
            std::size_t bytes = 0;
            PreTokenizer(cut).split(text,
                                    [&bytes](std::string_view piece) { bytes += piece.size(); });
            EXPECT_EQ(bytes, text.size());
            // Some 0.1 s; a cut that went over the text again for each piece would take hours.
            EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
        }
    }
}

}  // namespace
}  // namespace hone
