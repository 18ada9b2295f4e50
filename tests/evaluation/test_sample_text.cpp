// SPDX-License-Identifier: Apache-2.0
// The bundled text that accuracy is measured on: see resources/texts.
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "engine/evaluation/bundled_text.h"
#include "engine/evaluation/perplexity.h"
#include "tests/runtime/sample_model.h"

namespace hone {
namespace {

TEST(SampleText, IsAHundredKilobytesOfPlainText) {
    const std::string_view text = bundled_text();
    EXPECT_NEAR(static_cast<double>(text.size()), 100e3, 5e3);
    EXPECT_EQ(text.back(), '\n');
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        ASSERT_TRUE(byte >= 0x20 || c == '\n') << static_cast<int>(byte);
    }
}

TEST(SampleText, IsValidUtf8) {
    const std::string text(bundled_text());
    EXPECT_NO_THROW(
        nlohmann::json(text).dump());  // strict: throws at the first byte that is not UTF-8
}

TEST(SampleText, RepeatsNoParagraph) {
    const std::string_view text = bundled_text();
    std::set<std::string_view> seen;
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find("\n\n", begin), text.size());
        EXPECT_TRUE(seen.insert(text.substr(begin, end - begin)).second)
            << text.substr(begin, end - begin);
        begin = end + 2;
    }
    EXPECT_GT(seen.size(), 200U);
}

// Neither child's play nor noise to a small model: both would hide what a technique does.
TEST(SampleText, IsOfMiddlingDifficulty) {
    const Model* model = sample_model(DType::f32);
    if (model == nullptr) GTEST_SKIP() << "needs the sample model";
    const std::vector<TokenId> tokens = model->tokenizer.encode(bundled_text());
    kernels::ThreadPool pool(2);
    Runtime runtime(*model, {}, pool, 1, 512);
    const std::vector<ScoredWindow> windows = plan_windows({.max_windows = 0}, std::ssize(tokens));
    EXPECT_GE(windows.size(), 40U);
    double nll = 0, scored = 0;
    for (std::size_t i = 0; i < windows.size(); i += 12) {
        const WindowScore score =
            score_window(runtime, tokens, windows[i], nullptr, nullptr, 0, {});
        nll += score.nll_sum;
        scored += static_cast<double>(score.scored);
    }
    EXPECT_GT(std::exp(nll / scored), 6);
    EXPECT_LT(std::exp(nll / scored), 40);
}

}  // namespace
}  // namespace hone
