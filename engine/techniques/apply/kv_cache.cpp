// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <bit>
#include <string>
#include <utility>

#include "engine/techniques/apply/techniques.h"

namespace hone {
namespace {

constexpr std::array kStorages{std::pair{"off", KvStorage::off}, std::pair{"fp32", KvStorage::f32},
                               std::pair{"fp16", KvStorage::f16}, std::pair{"int8", KvStorage::i8}};

Support supports(const TechniqueQuery&) {
    return {};
}

void configure(RunConfig& run, const nlohmann::json& options) {
    const auto dtype = options.at("dtype").get<std::string>();
    for (const auto& [id, storage] : kStorages) {
        if (dtype == id) run.kv_cache = storage;
    }
    if (options.at("layout").get<std::string>() != "paged") return;
    run.kv_layout = KvLayout::paged;
    run.kv_block_shift = std::countr_zero(std::stoul(options.at("block").get<std::string>()));
}

CounterUses counters(const nlohmann::json& options) {
    const auto dtype = options.at("dtype").get<std::string>();
    if (dtype == "off") return {{"recomputed_tokens"}};
    CounterUses uses;
    if (dtype != "fp32") uses.push_back({"reduced_kv_tokens"});
    if (options.at("layout").get<std::string>() == "paged") uses.push_back({"kv_blocks"});
    return uses;
}

}  // namespace

Technique kv_cache() {
    return {descriptors::kv_cache, supports, counters, RunTechnique{configure}};
}

}  // namespace hone
