// SPDX-License-Identifier: Apache-2.0
#include "engine/techniques/apply/techniques.h"

namespace hone {
namespace {

Support supports(const TechniqueQuery& query) {
    if (query.concurrency > 1) return {};
    return {false, "the workload has one sequence; batching needs a concurrency of two or more"};
}

void configure(RunConfig& run, const nlohmann::json& options) {
    if (options.at("kind").get<std::string>() == "adaptive") run.batching = RunConfig::Batching::adaptive;
    run.batch_size = options.at("size").get<std::int64_t>();
}

CounterUses counters(const nlohmann::json&) {
    return {{"batched_tokens"}};
}

}  // namespace

Technique batching() {
    return {descriptors::batching, supports, counters, RunTechnique{configure}};
}

}  // namespace hone
