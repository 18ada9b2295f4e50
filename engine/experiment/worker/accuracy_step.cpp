// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <optional>

#include "engine/core/error.h"
#include "engine/experiment/worker/prepared.h"
#include "engine/experiment/worker/requests.h"

namespace hone {

messages::AccuracyReply Prepared::accuracy(const messages::Accuracy& request,
                                           const Progress& progress) {
    begin_step();
    const std::int64_t window = request.window;
    if (window < 0 || window >= std::ssize(scored_.windows))
        throw Error(
            ErrorDetails{"", "", "window", std::to_string(window),
                         fmt::format("0 or more and less than {}", scored_.windows.size())});
    std::optional<LogProbSpool> write, compare;
    if (request.spool) write = LogProbSpool::create(*request.spool, model_->config.n_vocab);
    if (request.compare_spool) compare = LogProbSpool::open(*request.compare_spool);
    const auto& [index, scored] = scored_.windows[static_cast<std::size_t>(window)];
    const ScoredWindows::Text& text = scored_.texts[index];
    // A divergence from other positions than the baseline's would be a figure all the same.
    if (compare && compare->records() != scored.end - scored.score_begin)
        throw Error(ErrorDetails{
            "", *request.compare_spool, "baseline's log-probabilities",
            fmt::format("{} positions", compare->records()),
            fmt::format("the {} of window {}", scored.end - scored.score_begin, window)});
    const WindowScore score =
        score_window(*runtime_, text.tokens, scored, write ? &*write : nullptr,
                     compare ? &*compare : nullptr, 0, progress);
    std::size_t scored_bytes = 0;
    for (std::int64_t i = scored.score_begin; i < scored.end; ++i)
        scored_bytes +=
            model_->tokenizer.token_bytes(text.tokens[static_cast<std::size_t>(i)]).size();
    return {.text = text.name,
            .compared = score.compared,
            .sums = {{"nll_sum", score.nll_sum},
                     {"scored", static_cast<double>(score.scored)},
                     {"scored_bytes", static_cast<double>(scored_bytes)},
                     {"kl_sum", score.kl_sum},
                     {"top1_agreeing", static_cast<double>(score.top1_agreeing)}}};
}

template <>
messages::AccuracyReply answer(const messages::Accuracy& request, WorkerContext& context) {
    return context.ready().accuracy(request, context.quiet());
}

}  // namespace hone
