// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>

#include "engine/tokenizer/added_tokens.h"

namespace hone {
namespace {

AddedToken token(const char* text, std::int32_t id) {
    AddedToken added;
    added.text = text;
    added.id = id;
    return added;
}

// "plain" between bars, ids as numbers.
std::string split(const AddedTokens& tokens, std::string_view text, bool parse = true) {
    std::string found;
    tokens.split(
        text, parse, [&found](std::string_view plain) { found += "|" + std::string(plain) + "|"; },
        [&found](std::int32_t id) { found += " " + std::to_string(id) + " "; });
    return found;
}

// The expected results are tokenizers 0.23.3's, for the same tokens and texts.
TEST(AddedTokens, AreFoundFromTheLeftTheLongestFirst) {
    const AddedTokens tokens({token("ab", 1), token("abc", 2), token("bcd", 3), token("c", 4)});
    EXPECT_EQ(split(tokens, "xabcdab"), "|x| 2 |d| 1 ");
    EXPECT_EQ(split(tokens, "bcdc"), " 3  4 ");
    EXPECT_EQ(split(tokens, ""), "");
    EXPECT_EQ(split(AddedTokens({}), "abc"), "|abc|");
}

TEST(AddedTokens, ControlTokensAreTextUnlessParsedAndHideWhatIsInThem) {
    AddedToken control = token("<|im_start|>", 1);
    control.control = true;
    const AddedTokens tokens({control, token("im", 2)});
    EXPECT_EQ(split(tokens, "im<|im_start|>"), " 2  1 ");
    EXPECT_EQ(split(tokens, "im<|im_start|>", false), " 2 |<|im_start|>|");
}

TEST(AddedTokens, TakeTheWhiteSpaceAroundThem) {
    AddedToken left = token("<l>", 1), right = token("<r>", 2);
    left.strips_left = true;
    right.strips_right = true;
    const AddedTokens tokens({left, right});
    EXPECT_EQ(split(tokens, "a \t\u00A0<l> b"), "|a| 1 | b|");
    EXPECT_EQ(split(tokens, "a <r> \u3000\nb"), "|a | 2 |b|");
    EXPECT_EQ(split(tokens, "<r>  <l>"), " 2  1 ");
    EXPECT_EQ(split(tokens, "a\u180E<l>"), "|a\u180E| 1 ") << "U+180E is no white space";
    EXPECT_EQ(split(tokens, "  <l>"), " 1 ");
}

TEST(AddedTokens, StandAlone) {
    AddedToken word = token("heron", 1);
    word.single_word = true;
    const AddedTokens tokens({word});
    EXPECT_EQ(split(tokens, "heron, heron"), " 1 |, | 1 ");
    EXPECT_EQ(split(tokens, "herons xheron"), "|herons xheron|");
    EXPECT_EQ(split(tokens, "heron_ héron éheron"), "|heron_ héron éheron|");
    EXPECT_EQ(split(tokens, "heron½"), " 1 |½|") << "a half is no part of a word";
    EXPECT_EQ(split(tokens, "heron\u0301 Ⓐheron"), "|heron\u0301 Ⓐheron|");
    EXPECT_EQ(split(tokens, "\xFFheron\xFF"), "|\xFF| 1 |\xFF|");
}

TEST(AddedTokens, NormalizedOnesAreLookedForAfterTheOthers) {
    AddedToken late = token("abc", 1);
    late.normalized = true;
    const AddedTokens tokens({late, token("bc", 2)});
    EXPECT_EQ(split(tokens, "abc"), "|a| 2 ");
}

}  // namespace
}  // namespace hone
