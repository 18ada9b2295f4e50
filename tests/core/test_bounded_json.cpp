// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "engine/base/bounded_json.h"

namespace hone {
namespace {

std::string nested(int depth) {
    return std::string(static_cast<std::size_t>(depth), '[') +
           std::string(static_cast<std::size_t>(depth), ']');
}

std::string problem(std::string_view text, const JsonBounds& bounds = {}) {
    try {
        (void)parse_bounded_json(text, bounds);
        return "";
    } catch (const JsonProblem& error) {
        return error.what();
    }
}

TEST(BoundedJson, CountsBracketsOutsideOfTexts) {
    EXPECT_EQ(json_depth("17"), 0);
    EXPECT_EQ(json_depth(R"({"a": [1, {"b": 2}], "c": []})"), 3);
    EXPECT_EQ(json_depth(R"(["[[[", "\"[[", "\\", ["x"]])"), 2);
    EXPECT_EQ(json_depth("[\"\\"), 1) << "cut off behind a backslash";
}

TEST(BoundedJson, RefusesWhatNestsDeeperThanItsBound) {
    EXPECT_EQ(problem(nested(64)), "");
    EXPECT_EQ(problem(nested(65)), "nesting deeper than 64");
    // As a recipe or a text of a store: parsed, it would overflow the stack when it is printed or
    // compared.
    EXPECT_EQ(problem(nested(200'000)), "nesting deeper than 64");
    EXPECT_EQ(problem(std::string(200'000, '[')), "nesting deeper than 64");
    EXPECT_EQ(problem(nested(3), {2}), "nesting deeper than 2");
}

TEST(BoundedJson, RefusesWhatIsLongerThanItsBound) {
    EXPECT_EQ(problem("[1,2]", {64, 5}), "");
    EXPECT_EQ(problem("[1,2 ]", {64, 5}), "6 B, more than 5");
}

TEST(BoundedJson, SaysWhereTextStopsBeingJson) {
    EXPECT_EQ(problem(""), "no JSON at byte 1");
    EXPECT_EQ(problem("{\"a\": nul}"), "no JSON at byte 10");
    EXPECT_EQ(problem("\"\xFF\""), "no JSON at byte 2");
    EXPECT_EQ(problem("[1e999]"), "a number that no double holds");
    EXPECT_EQ(parse_bounded_json("{\"a\": 1}"), (nlohmann::json{{"a", 1}}));
}

}  // namespace
}  // namespace hone
