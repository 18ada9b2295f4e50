// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "engine/evaluation/perplexity.h"
#include "engine/experiment/protocol/experiment.h"
#include "engine/experiment/protocol/messages/plans.h"
#include "engine/tokenizer/tokenizer.h"

namespace hone {

// What the sequences of a workload begin with, one of each.
struct Prompts {
    std::vector<std::vector<TokenId>> tokens;
    std::vector<std::string> texts;  // their bytes
};

// Real text, a different part for each sequence: what a cache or a sparse pattern does depends on
// what it is fed. The same for the same workload and tokeniser.
Prompts choose_prompts(const Workload& workload, const Tokenizer& tokenizer);

// The texts that a workload scores, and in which windows.
struct ScoredWindows {
    struct Text {
        std::string name, hash;
        std::vector<TokenId> tokens;
    };
    struct Window {
        std::size_t text;  // its index
        ScoredWindow of_text;
    };
    std::vector<Text> texts;
    std::vector<Window> windows;
    std::vector<std::string> notes;

    std::optional<messages::ScoredTexts> told() const;  // nothing where nothing is scored
};

// Throws Error for a text that cannot be read or is too short, and for windows that cannot be.
ScoredWindows choose_windows(const Experiment& experiment, const Tokenizer& tokenizer);

}  // namespace hone
