// SPDX-License-Identifier: Apache-2.0
#include "engine/experiment/worker/workload.h"

#include <fmt/format.h>

#include <utility>

#include "engine/evaluation/bundled_text.h"
#include "engine/experiment/worker/accuracy_text.h"
#include "engine/experiment/worker/apply_recipe.h"
#include "engine/techniques/apply/technique.h"

namespace hone {
namespace {

void note_overlap(const Recipe& recipe, std::vector<std::string>& notes) {
    for (const RecipeStep& step : recipe.steps) {
        if (technique_of(step)->calibration_tokens() > 0)
            notes.push_back("the scored text overlaps the calibration of " + step.technique +
                            ", the last third of the bundled text: its perplexity flatters");
    }
}

void add_windows(const std::string& text, const Experiment& experiment, const Tokenizer& tokenizer,
                 ScoredWindows& to) {
    const AccuracyText loaded = load_accuracy_text(text);
    ScoredWindows::Text scored{loaded.name, loaded.hash, tokenizer.encode(loaded.text)};
    if (tokenizer.adds_bos() && tokenizer.bos())
        scored.tokens.insert(scored.tokens.begin(), *tokenizer.bos());
    const PerplexityPlan plan = perplexity_plan(experiment.workload);
    std::int64_t length = std::ssize(scored.tokens), calibration = length;
    if (text == "bundled") {
        calibration = std::ssize(tokenizer.encode(bundled_text().substr(0, calibration_begin())));
        // With and without a technique that calibrates: runs are compared window by window.
        if (plan.max_windows > 0 && calibration >= plan.context) length = calibration;
    }
    bool overlaps = false;
    const std::vector<ScoredWindow> planned = plan_windows(plan, length, text);
    if (plan.max_windows > 0 && std::ssize(planned) < plan.max_windows)
        to.notes.push_back(
            fmt::format("{} gives {} windows of {} tokens, fewer than the {} that were asked for",
                        loaded.name, planned.size(), plan.context, plan.max_windows));
    for (const ScoredWindow& window : planned) {
        to.windows.push_back({to.texts.size(), window});
        overlaps = overlaps || window.end > calibration;
    }
    if (overlaps) note_overlap(experiment.recipe, to.notes);
    to.texts.push_back(std::move(scored));
}

}  // namespace

Prompts choose_prompts(const Workload& workload, const Tokenizer& tokenizer) {
    const std::vector<TokenId> text = tokenizer.encode(bundled_text());
    const std::size_t length = text.size();
    const std::vector<std::int64_t> lengths = prompt_lengths(workload);
    Prompts prompts;
    for (int sequence = 0; sequence < workload.concurrency; ++sequence) {
        const auto tokens = static_cast<std::size_t>(lengths[static_cast<std::size_t>(sequence)]);
        std::vector<TokenId> prompt;
        prompt.reserve(tokens);
        const std::size_t begin =
            (workload.seed * 7919 + static_cast<std::size_t>(sequence) * 4099) % length;
        for (std::size_t i = 0; i < tokens; ++i) prompt.push_back(text[(begin + i) % length]);
        std::string& bytes = prompts.texts.emplace_back();
        for (const TokenId token : prompt) bytes += tokenizer.token_bytes(token);
        prompts.tokens.push_back(std::move(prompt));
    }
    return prompts;
}

ScoredWindows choose_windows(const Experiment& experiment, const Tokenizer& tokenizer) {
    ScoredWindows chosen;
    const Workload& workload = experiment.workload;
    if (workload.text == "none") return chosen;
    add_windows(workload.text, experiment, tokenizer, chosen);
    for (const std::string& text : workload.more_texts)
        add_windows(text, experiment, tokenizer, chosen);
    return chosen;
}

std::optional<messages::ScoredTexts> ScoredWindows::told() const {
    if (windows.empty()) return std::nullopt;
    messages::ScoredTexts scored{.windows = static_cast<int>(windows.size())};
    for (const Text& text : texts) {
        scored.name += (scored.name.empty() ? "" : ", ") + text.name;
        scored.hash += (scored.hash.empty() ? "" : "+") + text.hash;
        scored.tokens += std::ssize(text.tokens);
    }
    return scored;
}

}  // namespace hone
