// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "engine/evaluation/perplexity.h"
#include "engine/experiment/protocol/experiment.h"

namespace hone {

struct AccuracyText {
    std::string name;  // "bundled", or the file's name
    std::string text;
    std::string hash;  // XXH3-128, hex
};

// "bundled", or a path. Throws Error naming the file where it cannot be read or is empty.
AccuracyText load_accuracy_text(const std::string& which);

// How a workload's texts are cut into windows.
PerplexityPlan perplexity_plan(const Workload& workload);

}  // namespace hone
