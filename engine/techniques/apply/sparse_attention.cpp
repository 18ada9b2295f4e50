// SPDX-License-Identifier: Apache-2.0
#include "engine/techniques/apply/techniques.h"

namespace hone {
namespace {

Support supports(const TechniqueQuery&) {
    return {};
}

void configure(RunConfig& run, const nlohmann::json& options) {
    run.attention = {AttentionMask::Kind::window, options.at("window").get<std::int64_t>(),
                     options.at("sinks").get<std::int64_t>()};
}

}  // namespace

Technique sparse_attention() {
    return {descriptors::sparse_attention, supports, RunTechnique{configure}};
}

}  // namespace hone
