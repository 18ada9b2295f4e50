// SPDX-License-Identifier: Apache-2.0
#include "engine/formats/hugging_face/config_keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "engine/core/error.h"

namespace hone::hf {
namespace {

using Json = nlohmann::json;

bool is_neutral(const Json& value, Neutral neutral) {
    if (value.is_null()) return true;
    switch (neutral) {
        case Neutral::anything:
            return true;
        case Neutral::no:
            return value == false;
        case Neutral::yes:
            return value == true;
        case Neutral::zero:
            return value == 0 || value == false;
        case Neutral::one:
            return value == 1;
        case Neutral::zero_or_one:
            return value == 0 || value == 1;
        case Neutral::nothing:
            break;
    }
    return (value.is_array() || value.is_object()) && value.empty();
}

const char* expected(Neutral neutral) {
    switch (neutral) {
        case Neutral::no:
            return "false";
        case Neutral::yes:
            return "true";
        case Neutral::zero:
            return "0 or null";
        case Neutral::one:
        case Neutral::zero_or_one:
            return "1";
        case Neutral::anything:
        case Neutral::nothing:
            break;
    }
    return "null";
}

// What config.json says of its class must be the family's; so must the traits that config.json
// spells in words.
void require_traits(const JsonObject& config, const Family& family) {
    const auto unsupported = [&](const char* key, const std::string& wanted) {
        const Json* found = config.find(key);
        config.fail(key, found == nullptr ? "nothing" : excerpt(*found), wanted,
                    Fault::unsupported);
    };
    if (const auto* names = config.find("architectures"); names != nullptr) {
        const Json wanted = Json::array({std::string(family.class_name)});
        if (*names != wanted)
            unsupported("architectures",
                        wanted.dump() + ": no other is supported for this model_type");
    }
    // SiLU has two names in transformers' list of activations.
    const std::string activation = config.text("hidden_act").value_or("silu");
    if (activation != "silu" && activation != "swish") unsupported("hidden_act", "\"silu\"");
    if (const Json* types = config.find("layer_types"); types != nullptr) {
        const bool plain = types->is_array() &&
                           std::all_of(types->begin(), types->end(),
                                       [](const Json& type) { return type == "full_attention"; });
        if (!plain) unsupported("layer_types", "full_attention in every layer");
    }
}

}  // namespace

void note_default(std::vector<std::string>& notes, std::string_view key, const std::string& value) {
    notes.push_back(
        fmt::format("config.json does not say {}: {}, transformers' default, is used", key, value));
}

const Family& family_of(const JsonObject& config) {
    const Family* family = find_family_of_type(config.text("model_type").value_or(""));
    if (family != nullptr) return *family;
    const Json* found = config.find("model_type");
    config.fail("model_type", found == nullptr ? "nothing" : excerpt(*found),
                fmt::format("{}: no other architecture is supported", family_names()),
                Fault::unsupported);
}

void check_keys(const JsonObject& config, const Family& family, std::vector<std::string>& notes) {
    require_traits(config, family);
    std::vector<std::string> unknown;
    for (const auto& item : config.json().items()) {
        const std::string& name = item.key();
        const nlohmann::json& value = item.value();
        const auto own = std::find_if(family.config_keys.begin(), family.config_keys.end(),
                                      [&](const KeyRow& key) { return key.name == name; });
        const KeyRow* known = own != family.config_keys.end() ? &*own : config_key(name);
        if (known == nullptr) {
            if (!value.is_null()) unknown.push_back(name);
        } else if (!is_neutral(value, known->neutral)) {
            config.fail(name, excerpt(value),
                        fmt::format("{}: anything else is not supported", expected(known->neutral)),
                        Fault::unsupported);
        }
    }
    if (config.find("hidden_act") == nullptr) note_default(notes, "hidden_act", "silu");
    if (const Json* code = config.find("auto_map"); code != nullptr)
        notes.emplace_back(
            "config.json names code of its own (auto_map): it is not run, the model is computed as "
            "its model_type says");
    if (unknown.empty()) return;
    constexpr std::size_t kNamed = 8;
    const std::size_t more = unknown.size() > kNamed ? unknown.size() - kNamed : 0;
    unknown.resize(unknown.size() - more);
    notes.push_back(
        fmt::format("config.json has keys that Hone does not know and does not use: {}{}",
                    fmt::join(unknown, ", "), more > 0 ? fmt::format(" and {} more", more) : ""));
}

}  // namespace hone::hf
