// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "engine/core/error.h"
#include "engine/experiment/worker/accuracy_text.h"
#include "engine/experiment/worker/requests.h"
#include "engine/tokenizer/tokenizer.h"

namespace hone {
namespace {

// Rounds until a second has passed; the best one is what the code can do, the others are what else the machine did.
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

nlohmann::json tokenize_text(const nlohmann::json& request, const Progress& progress) {
    const Checkpoint checkpoint = open_checkpoint(text_field(request, "checkpoint"), false);
    const Tokenizer tokenizer = Tokenizer::from_checkpoint(checkpoint);
    const std::string text = request.contains("file") ? load_accuracy_text(text_field(request, "file")).text
                                                      : text_field(request, "text");
    const std::vector<TokenId> ids = tokenizer.encode(text, SpecialTokens::as_text, nullptr, progress);
    nlohmann::json result{{"bytes", text.size()}, {"tokens", ids.size()}};
    if (request.value("ids", true)) {
        if (ids.size() > kMostIds) too_many(ids.size());
        result["ids"] = ids;
    }
    if (request.value("bench", false)) {
        const double seconds = best_seconds(tokenizer, text, progress);
        result["tokens_per_second"] = static_cast<double>(ids.size()) / seconds;
        result["bytes_per_second"] = static_cast<double>(text.size()) / seconds;
    }
    return result;
}

}  // namespace hone
