// SPDX-License-Identifier: Apache-2.0
#include "engine/experiment/worker/accuracy_text.h"

#include <fmt/format.h>

#include <filesystem>
#include <utility>
#include <vector>

#include "engine/base/small_file.h"
#include "engine/core/error.h"
#include "engine/evaluation/bundled_text.h"
#include "engine/experiment/protocol/messages/plans.h"
#include "engine/experiment/worker/hashing.h"
#include "engine/experiment/worker/requests.h"
#include "engine/formats/checkpoint.h"
#include "engine/tokenizer/tokenizer.h"

namespace hone {

namespace {

constexpr std::size_t kLongestText = std::size_t{1} << 30U;

[[noreturn]] void refuse(const std::string& file, const char* summary, const std::string& found,
                         const std::string& expected) {
    ErrorDetails details{"", file, "text", found, expected, Fault::argument};
    details.summary = summary;
    throw Error(std::move(details));
}

std::string text_of_file(const std::string& file) {
    std::string text;
    try {
        text = read_small_file(file, kLongestText);
    } catch (const FileProblem& problem) {
        refuse(file, "The text cannot be read.", problem.what(),
               "bundled, none, or the path of a text file of 1 GiB at most");
    }
    if (text.empty()) refuse(file, "The text is empty.", "an empty file", "a text to score");
    return text;
}

}  // namespace

PerplexityPlan perplexity_plan(const Workload& workload) {
    PerplexityPlan plan;
    plan.protocol =
        workload.protocol == "strided" ? PerplexityProtocol::strided : PerplexityProtocol::windows;
    plan.context = workload.context;
    plan.stride = workload.stride;
    plan.max_windows = workload.windows;
    return plan;
}

template <>
messages::TextsReply answer(const messages::Texts& request, WorkerContext&) {
    const Workload& workload = request.experiment.workload;
    std::vector<std::string> texts{workload.text};
    texts.insert(texts.end(), workload.more_texts.begin(), workload.more_texts.end());
    const Tokenizer tokenizer =
        Tokenizer::from_checkpoint(open_checkpoint(request.experiment.checkpoint, false));
    messages::TextsReply reply;
    for (const std::string& each : texts) {
        if (each == "none") continue;
        const AccuracyText loaded = load_accuracy_text(each);
        const std::int64_t tokens = std::ssize(tokenizer.encode(loaded.text)) +
                                    (tokenizer.adds_bos() && tokenizer.bos() ? 1 : 0);
        if (tokens < workload.context)
            refuse(each, "The text is too short to score.", std::to_string(tokens) + " tokens",
                   fmt::format("at least {}, the context of one window (--context)",
                               workload.context));
        reply.texts.push_back({.name = loaded.name, .tokens = tokens});
    }
    return reply;
}

AccuracyText load_accuracy_text(const std::string& which) {
    AccuracyText result;
    if (which == "bundled") {
        result.name = which;
        result.text = bundled_text();
    } else {
        result.text = text_of_file(which);
        result.name = std::filesystem::path(which).filename().string();
    }
    Hash128 hash;
    hash.add(result.text.data(), result.text.size());
    result.hash = hash.hex();
    return result;
}

}  // namespace hone
