// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "engine/base/printable.h"

namespace hone {
namespace {

using namespace std::string_literals;

TEST(Printable, LeavesTextAsItIs) {
    for (const char* text : {"", "a\\b \"q\" <b>|", "héron 模型 🦙", "עברית e\u0301"})
        EXPECT_EQ(printable(text), text);
}

TEST(Printable, WritesOutWhatMisleads) {
    EXPECT_EQ(printable("a\nb\tc\rd\0e"s), "a\\nb\\tc\\rd\\x00e");
    EXPECT_EQ(printable("\x1B[2J\x07\x7F"), "\\x1B[2J\\x07\\x7F");
    EXPECT_EQ(printable("\u0085\u009B"), "\\x85\\x9B");
    EXPECT_EQ(printable("\u202Egpj.exe\u2066\u2028"), "\\u202Egpj.exe\\u2066\\u2028");
}

TEST(Printable, WritesOutBytesThatAreNoText) {
    EXPECT_EQ(printable("a\xE6\xAD"), "a\\xE6\\xAD");
    EXPECT_EQ(printable("\xED\xA0\x80\xC0\xAF"), "\\xED\\xA0\\x80\\xC0\\xAF");
}

}  // namespace
}  // namespace hone
