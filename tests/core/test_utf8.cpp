// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>

#include "engine/base/utf8.h"

namespace hone {
namespace {

// UTF-8 of a code point, of whatever length asked for: overlong forms too.
std::string encoded(unsigned point, std::size_t bytes) {
    if (bytes == 1) return std::string(1, static_cast<char>(point));
    std::string text(bytes, '\0');
    for (std::size_t i = bytes - 1; i > 0; --i) {
        text[i] = static_cast<char>(0x80U | (point & 0x3FU));
        point >>= 6U;
    }
    constexpr unsigned kLead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    text[0] = static_cast<char>(kLead[bytes] | point);
    return text;
}

TEST(Utf8, TakesEveryCodePointInItsShortestForm) {
    for (unsigned point = 0; point <= 0x10FFFF; ++point) {
        const std::size_t bytes = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
        const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
        const std::string text = encoded(point, bytes);
        ASSERT_EQ(valid_utf8_prefix(text), surrogate ? 0 : bytes) << std::hex << point;
    }
}

TEST(Utf8, RefusesOverlongForms) {
    for (unsigned point = 0; point < 0x80; ++point)
        EXPECT_EQ(valid_utf8_prefix(encoded(point, 2)), 0U);
    for (unsigned point = 0; point < 0x800; ++point)
        EXPECT_EQ(valid_utf8_prefix(encoded(point, 3)), 0U);
    for (unsigned point = 0; point < 0x10000; ++point)
        EXPECT_EQ(valid_utf8_prefix(encoded(point, 4)), 0U);
    for (unsigned point = 0x110000; point < 0x200000; ++point)
        ASSERT_EQ(valid_utf8_prefix(encoded(point, 4)), 0U);
}

TEST(Utf8, SaysHowFarATextIsValid) {
    EXPECT_EQ(valid_utf8_prefix(""), 0U);
    EXPECT_EQ(valid_utf8_prefix("Grüße, Ġ𝄞"), std::string("Grüße, Ġ𝄞").size());
    EXPECT_EQ(valid_utf8_prefix("ab\x80"), 2U) << "a continuation alone";
    EXPECT_EQ(valid_utf8_prefix("ab\xC3"), 2U) << "cut off";
    EXPECT_EQ(valid_utf8_prefix("ab\xE2\x82"), 2U);
    EXPECT_EQ(valid_utf8_prefix("ab\xE2\x82z"), 2U);
    EXPECT_EQ(valid_utf8_prefix("ab\xFE"), 2U);
    EXPECT_EQ(valid_utf8_prefix(std::string("a\0b", 3)), 3U);
}

}  // namespace
}  // namespace hone
