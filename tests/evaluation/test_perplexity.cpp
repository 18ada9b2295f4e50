// SPDX-License-Identifier: Apache-2.0
// SmolLM2-135M-Instruct in fp32 on WikiText-2's validation text, against transformers and
// llama.cpp.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>

#include "engine/evaluation/perplexity.h"
#include "tests/runtime/sample_model.h"

namespace hone {
namespace {

class Perplexity : public ::testing::Test {
protected:
    void SetUp() override {
        model_ = sample_model(DType::f32);
        if (model_ == nullptr) GTEST_SKIP() << "needs the sample model";
        const char* folder = std::getenv("HONE_SHARED_DATA");
        std::ifstream file(folder == nullptr ? "" : std::string(folder) + "/wikitext-2-valid.txt");
        if (!file) GTEST_SKIP() << "needs the reference text";
        std::stringstream text;
        text << file.rdbuf();
        // Ids up to a line's end do not depend on what follows it.
        const std::string all = text.str();
        tokens_ = model_->tokenizer.encode(all.substr(0, all.rfind('\n', 80000) + 1));
    }

    std::vector<WindowScore> score(const PerplexityPlan& plan, std::int64_t tokens) {
        Runtime runtime(*model_, {}, pool_, 1, plan.context);
        std::vector<WindowScore> scores;
        for (const ScoredWindow& window : plan_windows(plan, tokens))
            scores.push_back(score_window(runtime, tokens_, window, nullptr, nullptr, 0, {}));
        return scores;
    }

    static double perplexity(const std::vector<WindowScore>& scores) {
        double nll = 0;
        std::int64_t scored = 0;
        for (const WindowScore& score : scores) {
            nll += score.nll_sum;
            scored += score.scored;
        }
        return std::exp(nll / static_cast<double>(scored));
    }

    const Model* model_ = nullptr;
    std::vector<TokenId> tokens_;
    kernels::ThreadPool pool_{2};
};

TEST_F(Perplexity, ReadsTheTextAsTheReferencesDid) {
    const std::vector<TokenId> first{3717, 446,  12928, 21777, 310, 2078, 21777, 446,
                                     3717, 3717, 12928, 21777, 310, 2078, 21777, 3297};
    ASSERT_GE(tokens_.size(), 10240U);
    EXPECT_EQ(std::vector<TokenId>(tokens_.begin(), tokens_.begin() + 16), first);
    EXPECT_FALSE(model_->tokenizer.adds_bos());
}

// Each window's sum of −ln p by transformers in fp32, log-softmax in double precision.
TEST_F(Perplexity, OfEachWindowIsThatOfTransformers) {
    const std::vector<double> expected{712.632271, 665.472837, 640.596170, 720.582175};
    const auto scores = score({.max_windows = 4}, std::ssize(tokens_));
    ASSERT_EQ(scores.size(), expected.size());
    for (std::size_t i = 0; i < scores.size(); ++i)
        EXPECT_NEAR(scores[i].nll_sum, expected[i], 0.02) << "window " << i;
    EXPECT_NEAR(perplexity(scores), 14.666588, 14.666588 * 1e-3);
}

TEST_F(Perplexity, OfStridedWindowsIsThatOfTransformers) {
    const std::vector<double> expected{1405.804920, 644.226917, 666.298500};
    const auto scores = score({PerplexityProtocol::strided, 512, 256, 3}, 10240);
    ASSERT_EQ(scores.size(), expected.size());
    for (std::size_t i = 0; i < scores.size(); ++i)
        EXPECT_NEAR(scores[i].nll_sum, expected[i], 0.04) << "window " << i;
    EXPECT_NEAR(perplexity(scores), 14.228676, 14.228676 * 1e-3);
}

// The whole comparison takes a minute or more: run with HONE_LONG_TESTS set.
TEST_F(Perplexity, OfTwentyWindowsIsThatOfLlamaCppAndTransformers) {
    if (std::getenv("HONE_LONG_TESTS") == nullptr)
        GTEST_SKIP() << "a long test: set HONE_LONG_TESTS";
    const double windows = perplexity(score({}, std::ssize(tokens_)));
    EXPECT_NEAR(windows, 15.8759, 15.8759 * 1e-3);
    const auto strided_scores = score({PerplexityProtocol::strided, 512, 256, 0}, 10240);
    std::int64_t scored = 0;
    for (const WindowScore& s : strided_scores) scored += s.scored;
    EXPECT_EQ(scored, 10239);
    const double strided = perplexity(strided_scores);
    EXPECT_NEAR(strided, 15.660456, 15.660456 * 1e-3);
    std::cout.precision(8);
    std::cout << "20 windows of 512: " << windows << "; strided 512/256: " << strided << '\n';
}

}  // namespace
}  // namespace hone
