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

}  // namespace

Technique tokenization() {
    return {descriptors::tokenization, supports, RunTechnique{configure}};
}

}  // namespace hone
