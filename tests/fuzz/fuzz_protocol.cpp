// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "engine/core/error.h"
#include "engine/experiment/protocol/experiment.h"
#include "tests/fuzz/conversation.h"
#include "tests/fuzz/target.h"

namespace hone::fuzz {
namespace {

// What a worker reads of a request, and a client of a reply.
void run(std::string_view input) {
    (void)read_conversation(input);
    const nlohmann::json message = nlohmann::json::parse(input, nullptr, false);
    if (!message.is_object()) return;
    try {
        const Experiment experiment = experiment_from_json(message, builtin_registry());
        (void)prompt_lengths(experiment.workload);
        (void)to_json(experiment).dump();
    } catch (const Error&) {
    } catch (const nlohmann::json::exception&) {  // the worker answers it: a field of the request
                                                  // is missing
    }
    (void)to_json(error_details_from_json(message));
    (void)Error(error_details_from_json(message)).details();
}

std::vector<std::string> seeds() {
    Experiment experiment;
    experiment.checkpoint = "synthetic:tiny";
    std::vector<std::string> texts = example_conversations();
    texts.push_back(to_json(experiment).dump());
    experiment.workload.prompt_lengths = "mixed:7";
    experiment.workload.protocol = "strided";
    experiment.target.device = "cuda:1";
    add_setting(experiment.recipe, "prune_magnitude.sparsity=0.3", builtin_registry());
    texts.push_back(to_json(experiment).dump());
    texts.push_back(to_json(ErrorDetails{"m", "file", "field", "found", "expected"}).dump());
    return texts;
}

}  // namespace

const Target protocol{"protocol", run, seeds};

}  // namespace hone::fuzz
