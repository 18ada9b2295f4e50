// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>

#include "engine/tokenizer/composed.h"

namespace hone {
namespace {

TEST(Composed, BringsTextsIntoFormC) {
    EXPECT_EQ(composed(""), "");
    EXPECT_EQ(composed("plain, \n\t ASCII\x7f"), "plain, \n\t ASCII\x7f");
    EXPECT_EQ(composed("e\u0301 A\u030a"), "\u00e9 \u00c5");
    EXPECT_EQ(composed("\u212b"), "\u00c5") << "a singleton";
    EXPECT_EQ(composed("\u1112\u1161\u11ab"), "\ud55c") << "Hangul";
    EXPECT_EQ(composed("q\u0307\u0323"), "q\u0323\u0307") << "marks in their order";
    EXPECT_EQ(composed("\ufb01 \u2460"), "\ufb01 \u2460") << "compatibility characters stay";
}

TEST(Composed, LeavesWhatIsNoUtf8) {
    EXPECT_EQ(composed("e\xff\u0301"), "e\xff\u0301") << "apart on both sides of the byte";
    EXPECT_EQ(composed("e\u0301\xc3"), "\u00e9\xc3");
    EXPECT_EQ(composed(std::string("a\0e\u0301", 5)), std::string("a\0\u00e9", 4));
}

}  // namespace
}  // namespace hone
