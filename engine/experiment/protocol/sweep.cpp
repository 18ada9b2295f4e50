// SPDX-License-Identifier: Apache-2.0
#include "engine/experiment/protocol/sweep.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "engine/core/error.h"

namespace hone {
namespace {

using json = nlohmann::json;

[[noreturn]] void refuse(const std::string& option, const std::string& found,
                         const std::string& expected) {
    throw Error(ErrorDetails{"", "", option, found, expected, Fault::argument});
}

// The values of a list, without their escapes.
std::vector<std::string> split(std::string_view list, const std::string& option) {
    std::vector<std::string> values(1);
    for (std::size_t i = 0; i < list.size(); ++i) {
        if (list[i] == ',') {
            values.emplace_back();
        } else if (list[i] != '\\') {
            values.back() += list[i];
        } else if (i + 1 < list.size() && (list[i + 1] == ',' || list[i + 1] == '\\')) {
            values.back() += list[++i];
        } else {
            refuse(option, "'" + std::string(list) + "'",
                   R"(\, for a comma or \\ for a backslash in a value)");
        }
    }
    return values;
}

const json* value_in(const Recipe& recipe, const SweptOption& swept) {
    for (const RecipeStep& step : recipe.steps)
        if (step.technique == swept.technique) return &step.options.at(swept.option);
    return nullptr;
}

void set(Recipe& recipe, const SweptOption& swept, const json& value) {
    for (RecipeStep& step : recipe.steps)
        if (step.technique == swept.technique) step.options[swept.option] = value;
}

std::string value_text(const json& value) {
    if (value.is_string()) return value.get<std::string>();
    return value.is_number_float() ? fmt::format("{:g}", value.get<double>()) : value.dump();
}

void add_list(Sweep& sweep, const std::string& path, const std::vector<std::string>& values,
              const Registry& registry) {
    const std::size_t dot = path.find('.');
    SweptOption swept{path.substr(0, dot), path.substr(dot + 1), {}};
    for (const std::string& value : values) {
        add_setting(sweep.base, path + "=" + value, registry);
        const json read = *value_in(sweep.base, swept);
        if (std::find(swept.values.begin(), swept.values.end(), read) != swept.values.end())
            refuse(path, "'" + value + "' twice", "values that differ");
        swept.values.push_back(read);
    }
    set(sweep.base, swept, swept.values.front());
    sweep.options.push_back(std::move(swept));
}

}  // namespace

std::uint64_t Sweep::candidates() const {
    constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
    std::uint64_t count = 1;
    for (const SweptOption& option : options) {
        const std::uint64_t values = option.values.size();
        count = values != 0 && count > kMost / values ? kMost : count * values;
    }
    return count;
}

std::vector<Recipe> Sweep::recipes(const Registry& registry) const {
    std::vector<Recipe> result{validated(base, registry)};
    for (const SweptOption& option : options) {
        std::vector<Recipe> longer;
        for (const Recipe& recipe : result) {
            for (const json& value : option.values) {
                longer.push_back(recipe);
                set(longer.back(), option, value);
            }
        }
        result = std::move(longer);
    }
    for (Recipe& recipe : result) recipe = validated(recipe, registry);
    return result;
}

Sweep sweep_of(const Recipe& base, std::span<const std::string> settings,
               const Registry& registry) {
    Sweep sweep{base, {}};
    for (const std::string& setting : settings) {
        const std::size_t equals = setting.find('=');
        const std::string path = setting.substr(0, equals);
        for (const SweptOption& earlier : sweep.options)
            if (path == earlier.technique + "." + earlier.option)
                refuse(path, "'" + setting + "' after a list of values",
                       "one setting of this option");
        if (equals == std::string::npos || path.find('.') == std::string::npos) {
            add_setting(sweep.base, setting, registry);
            continue;
        }
        const std::vector<std::string> values =
            split(std::string_view(setting).substr(equals + 1), path);
        if (values.size() == 1)
            add_setting(sweep.base, path + "=" + values.front(), registry);
        else
            add_list(sweep, path, values, registry);
    }
    return sweep;
}

std::string values_text(const std::vector<json>& values) {
    std::string text;
    for (const json& value : values) {
        if (&value != &values.front()) text += ',';
        for (const char c : value_text(value)) {
            if (c == ',' || c == '\\') text += '\\';
            text += c;
        }
    }
    return text;
}

json to_json(const std::vector<SweptOption>& options) {
    json list = json::array();
    for (const SweptOption& option : options)
        list.push_back({{"technique", option.technique},
                        {"option", option.option},
                        {"values", option.values}});
    return list;
}

std::vector<SweptOption> swept_from_json(const json& swept) {
    std::vector<SweptOption> options;
    if (!swept.is_array()) return options;
    for (const json& item : swept) {
        const json technique = item.is_object() ? item.value("technique", json()) : json(),
                   option = item.is_object() ? item.value("option", json()) : json(),
                   values = item.is_object() ? item.value("values", json()) : json();
        if (!technique.is_string() || !option.is_string() || !values.is_array()) continue;
        options.push_back({technique.get<std::string>(), option.get<std::string>(),
                           values.get<std::vector<json>>()});
    }
    return options;
}

std::string swept_label(const std::vector<SweptOption>& options, const json& recipe) {
    std::string text;
    if (!recipe.is_array()) return text;
    for (const SweptOption& option : options) {
        for (const json& step : recipe) {
            if (!step.is_object() || step.value("technique", json()) != option.technique) continue;
            const json set = step.value("options", json::object());
            if (!set.is_object() || !set.contains(option.option)) continue;
            if (!text.empty()) text += ", ";
            if (options.size() > 1) text += option.option + " ";
            text += value_text(set[option.option]);
        }
    }
    return text;
}

}  // namespace hone
