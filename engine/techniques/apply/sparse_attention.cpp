// SPDX-License-Identifier: Apache-2.0
#include <bit>
#include <string>

#include "engine/techniques/apply/techniques.h"

namespace hone {
namespace {

Support supports(const TechniqueQuery&) {
    return {};
}

void configure(RunConfig& run, const nlohmann::json& options) {
    if (options.at("kind").get<std::string>() == "window") {
        run.attention.kind = AttentionMask::Kind::window;
        run.attention.window = options.at("window").get<std::int64_t>();
        run.attention.sinks = options.at("sinks").get<std::int64_t>();
        return;
    }
    run.attention.kind = AttentionMask::Kind::pages;
    run.attention.page_shift = std::countr_zero(std::stoul(options.at("page").get<std::string>()));
    run.attention.keep = options.at("keep").get<std::int64_t>();
    run.attention.dense_layers = options.at("dense_layers").get<std::int64_t>();
}

CounterUses counters(const nlohmann::json&) {
    return {{"skipped_pairs"}};
}

}  // namespace

Technique sparse_attention() {
    return {descriptors::sparse_attention, supports, counters, RunTechnique{configure}};
}

}  // namespace hone
