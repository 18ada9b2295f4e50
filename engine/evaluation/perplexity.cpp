// SPDX-License-Identifier: Apache-2.0
#include "engine/evaluation/perplexity.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/core/error.h"

namespace hone {
namespace {

// Positions whose logits are computed together: few enough for modest memory, many enough for the
// matrix products.
constexpr std::int64_t kPositions = 128;

void require(bool ok, const char* field, std::int64_t found, std::string expected) {
    if (!ok)
        throw Error({.message = {},
                     .file = {},
                     .field = field,
                     .found = std::to_string(found),
                     .expected = std::move(expected)});
}

[[noreturn]] void refuse_short(const std::string& text, std::int64_t tokens, std::int64_t context) {
    throw Error(
        {.message = {},
         .file = text,
         .field = "text",
         .found = fmt::format("{} tokens", tokens),
         .expected = fmt::format("at least the {} of a window", context),
         .fault = Fault::argument,
         .summary = fmt::format("The text{} is too short: it has {} tokens, and a window takes {}.",
                                text.empty() ? "" : " " + text, tokens, context),
         .action = "Choose a longer text or a shorter window (--context)."});
}

// out = log-softmax of logits, [n_vocab]; sums in double precision.
void log_softmax(std::span<const float> logits, std::span<float> out) {
    const float top = *std::max_element(logits.begin(), logits.end());
    double sum = 0;
    for (const float logit : logits) sum += static_cast<double>(std::exp(logit - top));
    const double offset = static_cast<double>(top) + std::log(sum);
    for (std::size_t i = 0; i < logits.size(); ++i)
        out[i] = static_cast<float>(static_cast<double>(logits[i]) - offset);
}

// sum p · (ln p − ln q).
double divergence(std::span<const float> log_p, std::span<const float> log_q) {
    double sum = 0;
    for (std::size_t i = 0; i < log_p.size(); ++i)
        sum += static_cast<double>(std::exp(log_p[i])) *
               (static_cast<double>(log_p[i]) - static_cast<double>(log_q[i]));
    return sum;
}

// A perplexity is exp of a mean: beyond this one it is an infinity, and no figure.
void require_expressible(const WindowScore& score) {
    constexpr double kMostNats = 700;
    const double mean = score.nll_sum / static_cast<double>(score.scored);
    if (mean <= kMostNats) return;
    throw Error(
        {.message = {},
         .file = {},
         .field = "perplexity",
         .found = fmt::format("exp({:.0f})", mean),
         .expected = fmt::format("at most exp({:.0f})", kMostNats),
         .fault = Fault::damaged,
         .summary =
             "The model gives the text no chance at all: its perplexity is beyond any number.",
         .action = "Its weights hold values that are too large."});
}

std::ptrdiff_t greatest(std::span<const float> values) {
    return std::max_element(values.begin(), values.end()) - values.begin();
}

// What one position adds to a window's score.
struct PositionScore {
    double nll = 0, kl = 0;
    bool agrees = false;
};

// Takes the logits of a run of positions, a group of rows at a time, so that only a group's
// log-probabilities are held.
class Scorer {
public:
    Scorer(Runtime& runtime, LogProbSpool* write, const LogProbSpool* baseline,
           std::int64_t baseline_next)
        : pool_(runtime.pool()),
          n_vocab_(static_cast<std::size_t>(runtime.model().config.n_vocab)),
          group_(static_cast<std::size_t>(std::max(8, pool_.size()))),
          log_probs_(group_ * n_vocab_),
          scores_(group_),
          write_(write),
          baseline_(baseline),
          baseline_next_(baseline_next) {
        score_.compared = baseline != nullptr;
        records_.resize(group_);
    }

    // logits: [targets, n_vocab]; targets: the token that follows each position.
    void add(std::span<const float> logits, std::span<const TokenId> targets) {
        for (std::size_t begin = 0; begin < targets.size(); begin += group_) {
            const std::size_t rows = std::min(group_, targets.size() - begin);
            add_group(logits.subspan(begin * n_vocab_, rows * n_vocab_),
                      targets.subspan(begin, rows));
        }
    }

    const WindowScore& score() const { return score_; }

private:
    void add_group(std::span<const float> logits, std::span<const TokenId> targets) {
        const auto rows = static_cast<std::int64_t>(targets.size());
        // From the last to the first: the mapping may only move at the first of these calls.
        for (std::int64_t i = rows - 1; baseline_ != nullptr && i >= 0; --i)
            records_[static_cast<std::size_t>(i)] = baseline_->record(baseline_next_ + i);
        pool_.parallel_for(rows, 1, [&](std::int64_t begin, std::int64_t end, int) {
            for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i)
                scores_[i] = score_row(logits.subspan(i * n_vocab_, n_vocab_), targets[i], i);
        });
        for (std::size_t i = 0; i < targets.size(); ++i) {
            if (!std::isfinite(scores_[i].nll) || !std::isfinite(scores_[i].kl))
                throw Error(
                    {.message = {},
                     .file = {},
                     .field = "perplexity",
                     .found = "log-probabilities that are not finite",
                     .expected = "finite ones",
                     .fault = Fault::damaged,
                     .summary = "The model's output is not finite while it is scored.",
                     .action = "Its weights hold NaN or infinite values, or values too large."});
            score_.nll_sum += scores_[i].nll;
            score_.kl_sum += scores_[i].kl;
            score_.top1_agreeing += scores_[i].agrees ? 1 : 0;
            if (write_ != nullptr) write_->append(log_probs(i));
        }
        score_.scored += rows;
        baseline_next_ += rows;
    }

    PositionScore score_row(std::span<const float> logits, TokenId target, std::size_t row) {
        log_softmax(logits, log_probs(row));
        PositionScore score;
        score.nll = -static_cast<double>(log_probs(row)[static_cast<std::size_t>(target)]);
        if (baseline_ == nullptr) return score;
        score.kl = divergence(records_[row], log_probs(row));
        score.agrees = greatest(records_[row]) == greatest(log_probs(row));
        return score;
    }

    std::span<float> log_probs(std::size_t row) {
        return std::span(log_probs_).subspan(row * n_vocab_, n_vocab_);
    }

    kernels::ThreadPool& pool_;
    std::size_t n_vocab_;
    std::size_t group_;
    std::vector<float> log_probs_;  // [group, n_vocab]
    std::vector<PositionScore> scores_;
    std::vector<std::span<const float>> records_;
    LogProbSpool* write_;
    const LogProbSpool* baseline_;
    std::int64_t baseline_next_;
    WindowScore score_;
};

void check_window(std::span<const TokenId> text, const ScoredWindow& window, const Runtime& runtime,
                  const LogProbSpool* write, const LogProbSpool* baseline) {
    if (window.begin < 0 || window.score_begin <= window.begin ||
        window.end <= window.score_begin || window.end > static_cast<std::int64_t>(text.size()))
        throw Error(fmt::format(
            "a window of tokens {} to {}, scored from {}, does not lie within a text of {} tokens",
            window.begin, window.end, window.score_begin, text.size()));
    const std::int64_t n_vocab = runtime.model().config.n_vocab;
    for (const LogProbSpool* spool : {static_cast<const LogProbSpool*>(write), baseline}) {
        if (spool != nullptr)
            require(spool->n_vocab() == n_vocab, "vocabulary of the baseline's log-probabilities",
                    spool->n_vocab(), fmt::format("{}, this model's", n_vocab));
    }
    // The last token is only a target, so any id must be one.
    for (std::int64_t i = window.begin; i < window.end; ++i) {
        const TokenId token = text[static_cast<std::size_t>(i)];
        require(token >= 0 && token < n_vocab, "token id", token,
                fmt::format("0 to {}", n_vocab - 1));
    }
}

}  // namespace

std::vector<ScoredWindow> plan_windows(const PerplexityPlan& plan, std::int64_t tokens,
                                       const std::string& text) {
    const bool strided = plan.protocol == PerplexityProtocol::strided;
    require(plan.context >= (strided ? 2 : 4), "context", plan.context,
            strided ? "at least 2" : "at least 4");
    require(!strided || (plan.stride >= 1 && plan.stride <= plan.context), "stride", plan.stride,
            fmt::format("1 to {}, the context", plan.context));
    require(plan.max_windows >= 0, "windows", plan.max_windows, "0 (all) or more");
    if (tokens < plan.context) refuse_short(text, tokens, plan.context);
    std::vector<ScoredWindow> windows;
    const std::int64_t step = strided ? plan.stride : plan.context;
    std::int64_t scored_to = 1;  // nothing predicts the first token
    for (std::int64_t begin = 0; plan.max_windows == 0 || std::ssize(windows) < plan.max_windows;
         begin += step) {
        const std::int64_t end = std::min(begin + plan.context, tokens);
        if (strided) {
            if (scored_to >= tokens) break;
            // Nothing in a window predicts its first token, which is not scored before only where
            // windows do not overlap.
            const std::int64_t score_begin = std::max(scored_to, begin + 1);
            scored_to = end;
            if (score_begin < end) windows.push_back({begin, end, score_begin});
        } else {
            if (end - begin < plan.context) break;  // the tail is dropped
            windows.push_back({begin, end, begin + plan.context / 2 + 1, true});
        }
    }
    return windows;
}

// With the cache off every call computes the window again: one call.
std::int64_t scored_together(const RunConfig& run, std::int64_t window) {
    return run.kv_cache == KvStorage::off ? window : std::min(kPositions, window);
}

WindowScore score_window(Runtime& runtime, std::span<const TokenId> text,
                         const ScoredWindow& window, LogProbSpool* write,
                         const LogProbSpool* baseline, std::int64_t baseline_first,
                         const Progress& progress) {
    check_window(text, window, runtime, write, baseline);
    std::vector<TokenId> tokens(text.begin() + window.begin, text.begin() + window.end);
    const Tokenizer& tokenizer = runtime.model().tokenizer;
    if (window.bos_first && tokenizer.adds_bos() && tokenizer.bos())
        tokens.front() = *tokenizer.bos();

    // Logits are wanted from the token before the first scored one to the last but one.
    const auto unscored = static_cast<std::size_t>(window.score_begin - window.begin - 1);
    const std::size_t inputs = tokens.size() - 1;
    const std::span<const TokenId> all(tokens);
    const auto run = [&](std::size_t begin, std::size_t end, bool logits) {
        const SequenceInput input{0, all.subspan(begin, end - begin), logits};
        return runtime.forward({&input, 1}, progress);
    };
    runtime.clear(0);
    if (unscored > 0) run(0, unscored, false);
    const auto step = static_cast<std::size_t>(
        scored_together(runtime.config(), static_cast<std::int64_t>(inputs)));
    Scorer scorer(runtime, write, baseline, baseline_first);
    for (std::size_t begin = unscored; begin < inputs; begin += step) {
        const std::size_t end = std::min(begin + step, inputs);
        scorer.add(run(begin, end, true), all.subspan(begin + 1, end - begin));
    }
    require_expressible(scorer.score());
    return scorer.score();
}

}  // namespace hone
