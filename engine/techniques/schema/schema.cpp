// SPDX-License-Identifier: Apache-2.0
#include "engine/techniques/schema/schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "engine/base/bounded_json.h"
#include "engine/base/letter_case.h"
#include "engine/core/error.h"

namespace hone {
namespace {

struct SlotName {
    std::string_view id, title;
};
constexpr std::array<SlotName, 9> kSlots{{{"weights", "Weights"},
                                          {"activations", "Activations"},
                                          {"attention", "Attention"},
                                          {"kv_cache", "KV cache"},
                                          {"batching", "Batching"},
                                          {"precision", "Precision"},
                                          {"tokenization", "Tokenisation"},
                                          {"placement", "Placement"},
                                          {"training", "Training"}}};

std::string stage_id(Stage stage) {
    switch (stage) {
        case Stage::transforms_weights:
            return "transforms_weights";
        case Stage::configures_run:
            return "configures_run";
        case Stage::configures_training:
            break;
    }
    return "configures_training";
}

std::string with_unit(std::string text, std::string_view unit) {
    return unit.empty() ? text : text + " " + std::string(unit);
}

std::string expected_of(const Option& option) {
    struct Text {
        std::string operator()(const Flag&) const { return "true or false"; }
        std::string operator()(const Integer& integer) const {
            return with_unit(fmt::format("a whole number from {} to {}", integer.low, integer.high),
                             integer.unit);
        }
        std::string operator()(const Real& real) const {
            return with_unit(fmt::format("a number from {} to {}", real.low, real.high), real.unit);
        }
        std::string operator()(const Choice& choice) const {
            std::string text = "one of";
            for (const ChoiceItem& item : choice.items)
                text += (text == "one of" ? " " : ", ") + std::string(item.id);
            return text;
        }
    };
    return std::visit(Text{}, option.type);
}

[[noreturn]] void reject(const Descriptor& descriptor, const Option& option,
                         const std::string& found) {
    throw Error(
        ErrorDetails{"", "", fmt::format("{}.{}", descriptor.id, option.key), found,
                     expected_of(option), Fault::argument,
                     fmt::format("The value of {}.{} cannot be used.", descriptor.id, option.key)});
}

// In any case: people write Q8_0 and q8_0, BF16 and bf16.
const ChoiceItem* find_choice(const Choice& choice, std::string_view typed) {
    const auto found = std::find_if(choice.items.begin(), choice.items.end(),
                                    [wanted = lower_case(typed)](const ChoiceItem& item) {
                                        return lower_case(item.id) == wanted;
                                    });
    return found == choice.items.end() ? nullptr : &*found;
}

bool is_valid(const Option& option, const nlohmann::json& value) {
    struct Check {
        const nlohmann::json& value;
        bool operator()(const Flag&) const { return value.is_boolean(); }
        bool operator()(const Integer& integer) const {
            if (!value.is_number_integer()) return false;
            const auto number = value.get<std::int64_t>();
            return number >= integer.low && number <= integer.high;
        }
        bool operator()(const Real& real) const {
            if (!value.is_number()) return false;
            const auto number = value.get<double>();
            return std::isfinite(number) && number >= real.low && number <= real.high;
        }
        bool operator()(const Choice& choice) const {
            return value.is_string() &&
                   find_choice(choice, value.get_ref<const std::string&>()) != nullptr;
        }
    };
    return std::visit(Check{value}, option.type);
}

// One form for one value: a whole number where a real is meant is stored as a real, a choice as its
// item is written.
nlohmann::json normal(const Option& option, const nlohmann::json& value) {
    if (const auto* choice = std::get_if<Choice>(&option.type))
        return find_choice(*choice, value.get_ref<const std::string&>())->id;
    return std::holds_alternative<Real>(option.type) ? nlohmann::json(value.get<double>()) : value;
}

const Option* find_option(const Descriptor& descriptor, std::string_view key) {
    const auto found = std::find_if(descriptor.options.begin(), descriptor.options.end(),
                                    [key](const Option& option) { return option.key == key; });
    return found == descriptor.options.end() ? nullptr : &*found;
}

std::string known_options(const Descriptor& descriptor) {
    std::string text;
    for (const Option& option : descriptor.options)
        text += (text.empty() ? "" : ", ") + std::string(option.key);
    return text.empty() ? "no options" : "one of " + text;
}

nlohmann::json option_json(const Option& option) {
    nlohmann::json json{{"key", option.key},
                        {"label", option.label},
                        {"help", option.help},
                        {"default", default_value(option)}};
    struct Describe {
        nlohmann::json& json;
        void operator()(const Flag&) const { json["type"] = "flag"; }
        void operator()(const Integer& integer) const {
            json["type"] = "integer";
            json["range"] = {integer.low, integer.high};
            json["unit"] = integer.unit;
        }
        void operator()(const Real& real) const {
            json["type"] = "real";
            json["range"] = {real.low, real.high};
            json["unit"] = real.unit;
        }
        void operator()(const Choice& choice) const {
            json["type"] = "choice";
            json["choices"] = nlohmann::json::array();
            for (const ChoiceItem& item : choice.items) json["choices"].push_back(item.id);
        }
    };
    std::visit(Describe{json}, option.type);
    if (option.only_when)
        json["only_when"] = {{"key", option.only_when->key}, {"value", option.only_when->value}};
    return json;
}

std::string_view declared(const Descriptor& descriptor, std::string_view other) {
    for (const Conflict& conflict : descriptor.conflicts) {
        if (conflict.technique == other) return conflict.reason;
    }
    return {};
}

}  // namespace

std::string_view slot_id(Slot slot) {
    return kSlots[static_cast<std::size_t>(slot)].id;
}
std::string_view slot_title(Slot slot) {
    return kSlots[static_cast<std::size_t>(slot)].title;
}

std::string_view counter_title(const Registry& registry, std::string_view technique,
                               std::string_view id) {
    if (const Descriptor* found = registry.find(technique))
        for (const Counted& counted : found->counters)
            if (counted.id == id) return counted.title;
    return id;
}

const Descriptor* Registry::find(std::string_view id) const {
    const auto found =
        std::find_if(descriptors_.begin(), descriptors_.end(),
                     [id](const Descriptor& descriptor) { return descriptor.id == id; });
    return found == descriptors_.end() ? nullptr : &*found;
}

std::string_view Registry::conflict(std::string_view a, std::string_view b) const {
    const Descriptor* first = find(a);
    const Descriptor* second = find(b);
    if (first == nullptr || second == nullptr) return {};
    const std::string_view reason = declared(*first, b);
    return reason.empty() ? declared(*second, a) : reason;
}

nlohmann::json default_value(const Option& option) {
    struct Value {
        nlohmann::json operator()(const Flag& flag) const { return flag.fallback; }
        nlohmann::json operator()(const Integer& integer) const { return integer.fallback; }
        nlohmann::json operator()(const Real& real) const { return real.fallback; }
        nlohmann::json operator()(const Choice& choice) const { return choice.fallback; }
    };
    return std::visit(Value{}, option.type);
}

nlohmann::json default_options(const Descriptor& descriptor) {
    nlohmann::json options = nlohmann::json::object();
    for (const Option& option : descriptor.options)
        options[std::string(option.key)] = default_value(option);
    return options;
}

nlohmann::json complete_options(const Descriptor& descriptor, const nlohmann::json& options) {
    nlohmann::json complete = default_options(descriptor);
    if (options.is_null()) return complete;
    if (!options.is_object())
        throw Error(ErrorDetails{"", "", std::string(descriptor.id) + " options",
                                 json_excerpt(options), "a JSON object"});
    for (const auto& [key, value] : options.items()) {
        const Option* option = find_option(descriptor, key);
        if (option == nullptr)
            throw Error(ErrorDetails{"", "", std::string(descriptor.id) + " option",
                                     "'" + key + "'", known_options(descriptor)});
        if (!is_valid(*option, value)) reject(descriptor, *option, json_excerpt(value));
        complete[key] = normal(*option, value);
    }
    return complete;
}

nlohmann::json parse_value(const Descriptor& descriptor, const Option& option,
                           std::string_view text) {
    nlohmann::json value;
    const char* const end = text.data() + text.size();
    if (std::holds_alternative<Flag>(option.type)) {
        const std::string word = lower_case(text);
        if (word == "true" || word == "on" || word == "yes") value = true;
        if (word == "false" || word == "off" || word == "no") value = false;
    } else if (std::holds_alternative<Integer>(option.type)) {
        std::int64_t number = 0;
        const auto [stop, error] = std::from_chars(text.data(), end, number);
        if (error == std::errc() && stop == end) value = number;
    } else if (std::holds_alternative<Real>(option.type)) {
        double number = 0;
        const auto [stop, error] = std::from_chars(text.data(), end, number);
        if (error == std::errc() && stop == end) value = number;
    } else {
        value = text;
    }
    if (!is_valid(option, value)) reject(descriptor, option, "'" + std::string(text) + "'");
    return normal(option, value);
}

nlohmann::json with_settings(const Descriptor& descriptor, nlohmann::json options,
                             std::string_view settings) {
    while (!settings.empty()) {
        const std::string_view setting = settings.substr(0, settings.find(' '));
        settings.remove_prefix(std::min(settings.size(), setting.size() + 1));
        const std::size_t equals = std::min(setting.find('='), setting.size());
        const std::string key(setting.substr(0, equals));
        const Option* option = find_option(descriptor, key);
        if (option == nullptr || equals == setting.size())
            throw Error(ErrorDetails{"", "", std::string(descriptor.id) + " setting",
                                     "'" + std::string(setting) + "'",
                                     "OPTION=VALUE with " + known_options(descriptor)});
        options[key] = parse_value(descriptor, *option, setting.substr(equals + 1));
    }
    return options;
}

nlohmann::json to_json(const Registry& registry) {
    nlohmann::json list = nlohmann::json::array();
    for (const Descriptor& descriptor : registry.descriptors()) {
        nlohmann::json options = nlohmann::json::array(), conflicts = nlohmann::json::array();
        for (const Option& option : descriptor.options) options.push_back(option_json(option));
        for (const Descriptor& other : registry.descriptors()) {
            const std::string_view reason = registry.conflict(descriptor.id, other.id);
            if (!reason.empty()) conflicts.push_back({{"technique", other.id}, {"reason", reason}});
        }
        list.push_back({{"id", descriptor.id},
                        {"title", descriptor.title},
                        {"summary", descriptor.summary},
                        {"source", descriptor.source},
                        {"slot", slot_id(descriptor.slot)},
                        {"stage", stage_id(descriptor.stage)},
                        {"options", options},
                        {"conflicts", conflicts}});
    }
    return list;
}

}  // namespace hone
