// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "engine/core/error.h"
#include "engine/evaluation/perplexity.h"

namespace hone {
namespace {

TEST(Windows, DoNotOverlapAndScoreTheirSecondHalf) {
    const auto windows = plan_windows({.max_windows = 0}, 273868);
    ASSERT_EQ(windows.size(), 273868U / 512);
    for (std::size_t i = 0; i < windows.size(); ++i) {
        EXPECT_EQ(windows[i].begin, static_cast<std::int64_t>(i) * 512);
        EXPECT_EQ(windows[i].end, windows[i].begin + 512);
        EXPECT_EQ(windows[i].end - windows[i].score_begin, 255);
        EXPECT_TRUE(windows[i].bos_first);
    }
    EXPECT_EQ(plan_windows({}, 273868).size(), 20U);
    EXPECT_EQ(plan_windows({}, 1600).size(), 3U) << "the tail is dropped";
}

TEST(Windows, StridedOnesScoreEveryTokenButTheFirstOnce) {
    const PerplexityPlan plan{PerplexityProtocol::strided, 512, 256, 0};
    for (const std::int64_t tokens : {512, 513, 767, 768, 769, 10240}) {
        std::int64_t next = 1;
        for (const ScoredWindow& window : plan_windows(plan, tokens)) {
            EXPECT_EQ(window.score_begin, next);
            EXPECT_LE(window.end - window.begin, 512);
            EXPECT_GE(window.score_begin, window.begin + 1);
            EXPECT_GT(window.end, window.score_begin) << "a window with nothing to score";
            EXPECT_FALSE(window.bos_first);
            next = window.end;
        }
        EXPECT_EQ(next, tokens);
    }
    EXPECT_EQ(plan_windows(plan, 10240).size(), 39U);
    EXPECT_EQ(plan_windows({PerplexityProtocol::strided, 512, 256, 4}, 10240).back().end,
              512 + 3 * 256);
}

// Hugging Face's loop with a stride as long as its windows: nothing in a window predicts its first
// token.
TEST(Windows, ThatDoNotOverlapLeaveTheirFirstTokensOut) {
    for (const std::int64_t tokens : {64, 65, 66, 128, 150}) {
        std::int64_t scored = 0;
        for (const ScoredWindow& window :
             plan_windows({PerplexityProtocol::strided, 64, 64, 0}, tokens)) {
            EXPECT_EQ(window.score_begin, window.begin + 1);
            EXPECT_GT(window.end, window.score_begin) << "a window with nothing to score";
            scored += window.end - window.score_begin;
        }
        EXPECT_EQ(scored, tokens - (tokens + 63) / 64) << tokens;
    }
}

TEST(Windows, NameTheTextThatIsTooShort) {
    try {
        plan_windows({}, 511, "prose.txt");
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.details().file, "prose.txt");
        for (const char* part : {"prose.txt", "511", "512"})
            EXPECT_NE(error.details().summary.find(part), std::string::npos) << part;
    }
}

TEST(Windows, RefusesATextShorterThanOne) {
    EXPECT_THROW(plan_windows({}, 511), Error);
    EXPECT_THROW(plan_windows({PerplexityProtocol::strided, 512, 256, 0}, 511), Error);
    EXPECT_THROW(plan_windows({.context = 2}, 1000), Error);
    EXPECT_THROW(plan_windows({PerplexityProtocol::strided, 512, 0, 0}, 1000), Error);
    EXPECT_THROW(plan_windows({PerplexityProtocol::strided, 512, 513, 0}, 1000), Error);
    EXPECT_THROW(plan_windows({.max_windows = -1}, 1000), Error);
}

}  // namespace
}  // namespace hone
