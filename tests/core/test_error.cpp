// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "engine/core/error.h"

namespace hone {
namespace {

TEST(Error, BuildsOneSentenceFromItsParts) {
    const Error error(ErrorDetails{"", "m.gguf", "version", "4", "2 or 3"});
    EXPECT_STREQ(error.what(), "m.gguf: version: found 4, expected 2 or 3");
    EXPECT_EQ(error.details().message, error.what());
}

TEST(Error, SurvivesTheRoundTripThroughJson) {
    const Error error(ErrorDetails{"no room", "a", "b", "c", "d"});
    const ErrorDetails back = error_details_from_json(to_json(error.details()));
    EXPECT_EQ(back.message, "no room");
    EXPECT_EQ(back.file, "a");
    EXPECT_EQ(back.field, "b");
    EXPECT_EQ(back.found, "c");
    EXPECT_EQ(back.expected, "d");
}

}  // namespace
}  // namespace hone
