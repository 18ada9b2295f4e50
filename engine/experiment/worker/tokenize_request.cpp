// SPDX-License-Identifier: Apache-2.0
#include <chrono>

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
        const auto ids = tokenizer.encode(text);
        best = std::min(best, std::chrono::duration<double>(Clock::now() - begin).count());
    } while (Clock::now() - start < std::chrono::seconds(1));
    return best;
}

}  // namespace

nlohmann::json tokenize_text(const nlohmann::json& request, const Progress& progress) {
    const Checkpoint checkpoint = open_checkpoint(text_field(request, "checkpoint"), false);
    const Tokenizer tokenizer = Tokenizer::from_checkpoint(checkpoint);
    const std::string text = request.contains("file") ? load_accuracy_text(text_field(request, "file")).text
                                                      : text_field(request, "text");
    const std::vector<TokenId> ids = tokenizer.encode(text);
    nlohmann::json result{{"ids", ids}, {"bytes", text.size()}, {"tokens", ids.size()}};
    if (request.value("bench", false)) {
        const double seconds = best_seconds(tokenizer, text, progress);
        result["tokens_per_second"] = static_cast<double>(ids.size()) / seconds;
        result["bytes_per_second"] = static_cast<double>(text.size()) / seconds;
    }
    return result;
}

}  // namespace hone
