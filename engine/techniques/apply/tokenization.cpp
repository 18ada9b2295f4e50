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

std::string_view counter(const nlohmann::json& options) {
    if (options.at("merge_cache").get<bool>()) return "merge_cache_hits";
    return options.at("length_buckets").get<bool>() ? "reordered_prompts" : "";
}

}  // namespace

Technique tokenization() {
    return {descriptors::tokenization, supports, counter, RunTechnique{configure}};
}

}  // namespace hone
