// SPDX-License-Identifier: Apache-2.0
#include "engine/techniques/apply/techniques.h"

namespace hone {
namespace {

Support supports(const TechniqueQuery&) {
    return {};
}

void configure(RunConfig& run, const nlohmann::json& options) {
    run.merge_cache = options.at("merge_cache").get<bool>();
    run.length_buckets = options.at("length_buckets").get<bool>();
}

CounterUses counters(const nlohmann::json& options) {
    CounterUses uses;
    if (options.at("merge_cache").get<bool>()) uses.push_back({"merge_cache_hits"});
    if (options.at("length_buckets").get<bool>()) uses.push_back({"reordered_prompts"});
    return uses;
}

}  // namespace

Technique tokenization() {
    return {descriptors::tokenization, supports, counters, RunTechnique{configure}};
}

}  // namespace hone
