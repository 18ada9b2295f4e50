// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>

#include "engine/core/error.h"
#include "engine/evaluation/perplexity.h"
#include "tests/runtime/sample_model.h"

namespace hone {
namespace {

const Model& tiny() {
    static const std::unique_ptr<Model> model = tiny_model();
    return *model;
}

const Model& coarse() {
    static const std::unique_ptr<Model> model = tiny_model(DType::q4_0);
    return *model;
}

std::vector<TokenId> text() {
    std::vector<TokenId> tokens;
    std::uint32_t state = 5;
    for (int i = 0; i < 400; ++i) {
        state = state * 1664525U + 1013904223U;
        tokens.push_back(static_cast<TokenId>(state >> 24U));
    }
    return tokens;
}

// ln p of every vocabulary entry after tokens [begin, end) of the text, in double precision from
// one forward pass.
std::vector<double> log_probs(Runtime& runtime, std::span<const TokenId> tokens) {
    runtime.clear(0);
    const SequenceInput input{0, tokens};
    const auto logits = runtime.forward({&input, 1});
    double sum = 0;
    for (const float logit : logits) sum += std::exp(static_cast<double>(logit));
    std::vector<double> result;
    for (const float logit : logits) result.push_back(static_cast<double>(logit) - std::log(sum));
    return result;
}

class Scoring : public ::testing::Test {
protected:
    void TearDown() override { std::filesystem::remove(path_); }

    kernels::ThreadPool pool_{2};
    std::string path_ =
        (std::filesystem::temp_directory_path() / ("hone-scoring-" + std::to_string(::getpid())))
            .string();
};

TEST_F(Scoring, IsTheSumOverTheScoredTokensWhateverTheConfiguration) {
    const std::vector<TokenId> tokens = text();
    Runtime plain(tiny(), {}, pool_, 1, 400);
    for (const ScoredWindow window :
         {ScoredWindow{0, 40, 1}, ScoredWindow{64, 128, 97}, ScoredWindow{30, 331, 31}}) {
        double expected = 0;
        for (std::int64_t i = window.score_begin; i < window.end; ++i) {
            const auto from = static_cast<std::size_t>(window.begin);
            const auto at = static_cast<std::size_t>(i);
            expected -= log_probs(
                plain,
                std::span(tokens).subspan(from, at - from))[static_cast<std::size_t>(tokens[at])];
        }
        for (const KvStorage storage : {KvStorage::f32, KvStorage::off}) {
            RunConfig config;
            config.kv_cache = storage;
            Runtime runtime(tiny(), config, pool_, 1, 400);
            const WindowScore score =
                score_window(runtime, tokens, window, nullptr, nullptr, 0, {});
            EXPECT_EQ(score.scored, window.end - window.score_begin);
            EXPECT_NEAR(score.nll_sum, expected, 1e-3);
            EXPECT_FALSE(score.compared);
            EXPECT_EQ(score.kl_sum, 0);
        }
    }
}

TEST_F(Scoring, RepeatsToTheBit) {
    Runtime runtime(tiny(), {}, pool_, 1, 400);
    const auto score = [&] {
        return score_window(runtime, text(), {0, 350, 120}, nullptr, nullptr, 0, {}).nll_sum;
    };
    EXPECT_EQ(score(), score());
}

TEST_F(Scoring, AModelAgainstItselfDivergesByNothing) {
    LogProbSpool spool = LogProbSpool::create(path_, tiny().config.n_vocab);
    Runtime runtime(tiny(), {}, pool_, 1, 400);
    const auto windows = plan_windows({.context = 64, .max_windows = 3}, 400);
    for (const ScoredWindow& window : windows)
        score_window(runtime, text(), window, &spool, nullptr, 0, {});
    EXPECT_EQ(spool.records(), 3 * 31);
    const LogProbSpool baseline = LogProbSpool::open(path_);
    for (std::size_t i = 0; i < windows.size(); ++i) {
        const WindowScore score = score_window(runtime, text(), windows[i], nullptr, &baseline,
                                               static_cast<std::int64_t>(i) * 31, {});
        EXPECT_TRUE(score.compared);
        EXPECT_EQ(score.kl_sum, 0);
        EXPECT_EQ(score.top1_agreeing, 31);
    }
    const WindowScore other = score_window(runtime, text(), windows[0], nullptr, &baseline, 31, {});
    EXPECT_GT(other.kl_sum, 0) << "compared with another window's records";
}

TEST_F(Scoring, DivergenceAndAgreementFollowTheirDefinitions) {
    const std::vector<TokenId> tokens = text();
    const ScoredWindow window{0, 64, 33};
    LogProbSpool spool = LogProbSpool::create(path_, tiny().config.n_vocab);
    Runtime base(tiny(), {}, pool_, 1, 400);
    Runtime candidate(coarse(), {}, pool_, 1, 400);
    score_window(base, tokens, window, &spool, nullptr, 0, {});
    const WindowScore score = score_window(candidate, tokens, window, nullptr, &spool, 0, {});
    double kl = 0;
    std::int64_t agreeing = 0;
    for (std::size_t i = 33; i < 64; ++i) {
        const std::vector<double> p = log_probs(base, std::span(tokens).first(i));
        const std::vector<double> q = log_probs(candidate, std::span(tokens).first(i));
        for (std::size_t v = 0; v < p.size(); ++v) kl += std::exp(p[v]) * (p[v] - q[v]);
        agreeing += std::max_element(p.begin(), p.end()) - p.begin() ==
                    std::max_element(q.begin(), q.end()) - q.begin();
    }
    EXPECT_GT(kl, 0);
    EXPECT_NEAR(score.kl_sum, kl, 1e-3 * kl + 1e-5);
    EXPECT_NEAR(static_cast<double>(score.top1_agreeing), static_cast<double>(agreeing), 1.0)
        << "but for a near tie";
}

TEST_F(Scoring, RefusesWhatDoesNotFit) {
    const std::vector<TokenId> tokens = text();
    Runtime runtime(tiny(), {}, pool_, 1, 64);
    const auto score = [&](const ScoredWindow& window, const LogProbSpool* baseline = nullptr) {
        return score_window(runtime, tokens, window, nullptr, baseline, 0, {});
    };
    EXPECT_THROW(score({0, 401, 10}), Error);
    EXPECT_THROW(score({0, 10, 10}), Error);
    EXPECT_THROW(score({0, 10, 0}), Error);
    EXPECT_THROW(score({0, 200, 100}), Error) << "longer than the runtime's context";
    const LogProbSpool other = LogProbSpool::create(path_, tiny().config.n_vocab + 1);
    EXPECT_THROW(score({0, 10, 5}, &other), Error);
    const LogProbSpool empty = LogProbSpool::create(path_, tiny().config.n_vocab);
    EXPECT_THROW(score({0, 10, 5}, &empty), Error);
    std::stop_source stop;
    stop.request_stop();
    EXPECT_THROW(score_window(runtime, tokens, {0, 10, 5}, nullptr, nullptr, 0,
                              Progress{{}, stop.get_token()}),
                 Cancelled);
}

}  // namespace
}  // namespace hone
