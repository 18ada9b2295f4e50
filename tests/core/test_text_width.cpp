// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "engine/base/text_width.h"

namespace hone {
namespace {

TEST(TextWidth, CountsColumnsAsTerminalsDo) {
    EXPECT_EQ(text_width(""), 0U);
    EXPECT_EQ(text_width("abc"), 3U);
    EXPECT_EQ(text_width("Grüße"), 5U);
    EXPECT_EQ(text_width("木の葉"), 6U);      // East Asian Width W
    EXPECT_EQ(text_width("e\u0301"), 1U);     // a mark that combines
    EXPECT_EQ(text_width("\U0001F600"), 2U);  // an emoji
    EXPECT_EQ(text_width("\xFF"), 1U);
}

TEST(TextWidth, ShortensAtACharacter) {
    EXPECT_EQ(shortened("abcdef", 6), "abcdef");
    EXPECT_EQ(shortened("abcdefg", 6), "abcde…");
    EXPECT_EQ(shortened("木の葉", 5), "木の…");
    EXPECT_EQ(shortened("木の葉", 4), "木…");
    EXPECT_EQ(shortened(std::string(5000, 'x'), 80).size(), 79 + std::string("…").size());
}

}  // namespace
}  // namespace hone
