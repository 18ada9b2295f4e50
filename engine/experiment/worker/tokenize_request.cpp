// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "engine/core/error.h"
#include "engine/experiment/protocol/messages/model.h"
#include "engine/experiment/worker/accuracy_text.h"
#include "engine/experiment/worker/requests.h"
#include "engine/tokenizer/tokenizer.h"

namespace hone {
namespace {

// Rounds until a second has passed; the best one is what the code can do, the others are what else
// the machine did.
double best_seconds(const Tokenizer& tokenizer, const std::string& text, const Progress& progress) {
    using Clock = std::chrono::steady_clock;
    const Clock::time_point start = Clock::now();
    double best = 1e300;
    do {
        progress.check();
        const Clock::time_point begin = Clock::now();
        const auto ids = tokenizer.encode(text, SpecialTokens::as_text, nullptr, progress);
        best = std::min(best, std::chrono::duration<double>(Clock::now() - begin).count());
    } while (Clock::now() - start < std::chrono::seconds(1));
    return best;
}

// A message holds 64 MiB, and an id takes up to seven bytes of it.
constexpr std::size_t kMostIds = 8'000'000;

[[noreturn]] void too_many(std::size_t tokens) {
    ErrorDetails details{"",
                         "",
                         "text",
                         fmt::format("{} tokens", tokens),
                         fmt::format("at most {}", kMostIds),
                         Fault::argument};
    details.summary = "The text has more tokens than can be listed.";
    details.action = "Count them without their ids, or cut the text.";
    throw Error(std::move(details));
}

}  // namespace

template <>
messages::TokenizeReply answer(const messages::Tokenize& request, WorkerContext& context) {
    const Progress progress = context.progress("run");
    const Checkpoint checkpoint = open_checkpoint(request.checkpoint, false);
    const Tokenizer tokenizer = Tokenizer::from_checkpoint(checkpoint);
    if (!request.file && !request.text)
        throw Error(
            ErrorDetails{"", "", "text", "nothing", "a text, or the path of a file with one"});
    const std::string text = request.file ? load_accuracy_text(*request.file).text : *request.text;
    std::vector<TokenId> ids = tokenizer.encode(text, SpecialTokens::as_text, nullptr, progress);
    if (request.ids && ids.size() > kMostIds) too_many(ids.size());
    messages::TokenizeReply reply{.bytes = std::ssize(text), .tokens = std::ssize(ids)};
    if (request.bench) {
        const double seconds = best_seconds(tokenizer, text, progress);
        reply.tokens_per_second = static_cast<double>(ids.size()) / seconds;
        reply.bytes_per_second = static_cast<double>(text.size()) / seconds;
    }
    if (request.ids) reply.ids = std::move(ids);
    return reply;
}

}  // namespace hone
