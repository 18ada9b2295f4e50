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

std::string value_text(const json& value) {
    if (value.is_string()) return value.get<std::string>();
    return value.is_number_float() ? fmt::format("{:g}", value.get<double>()) : value.dump();
}

std::string path_of(const SweptOption& swept) {
    return swept.technique + "." + swept.option;
}

// `value` as the recipe has it once it was set; `written` is how it was given.
void add_value(SweptOption& swept, const json& value, const std::string& written) {
    if (std::find(swept.values.begin(), swept.values.end(), value) != swept.values.end())
        refuse(path_of(swept), "'" + written + "' twice", "values that differ");
    swept.values.push_back(value);
}

void add_list(Sweep& sweep, const std::string& path, const std::vector<std::string>& values,
              const Registry& registry) {
    const std::size_t dot = path.find('.');
    SweptOption swept{path.substr(0, dot), path.substr(dot + 1), {}};
    for (const std::string& value : values) {
        add_setting(sweep.base, path + "=" + value, registry);
        add_value(swept, *value_in(sweep.base, swept), value);
    }
    set_value(sweep.base, swept, swept.values.front());
    sweep.options.push_back(std::move(swept));
}

// Takes the lists out of a recipe's document and leaves their first values. What is no recipe is
// left to recipe_from_json().
std::vector<SweptOption> lists_in(json& document) {
    std::vector<SweptOption> lists;
    if (!document.is_array()) return lists;
    for (json& step : document) {
        if (!step.is_object() || !step.contains("options") || !step["options"].is_object())
            continue;
        const json technique = step.value("technique", json());
        for (auto& [option, value] : step["options"].items()) {
            if (!value.is_array() || !technique.is_string()) continue;
            SweptOption list{technique.get<std::string>(), option, value};
            if (list.values.empty()) refuse(path_of(list), "[]", "values");
            value = list.values.front();
            lists.push_back(std::move(list));
        }
    }
    return lists;
}

}  // namespace

const json* value_in(const Recipe& recipe, const SweptOption& swept) {
    for (const RecipeStep& step : recipe.steps) {
        if (step.technique != swept.technique) continue;
        const auto value = step.options.find(swept.option);
        return value == step.options.end() ? nullptr : &*value;
    }
    return nullptr;
}

void set_value(Recipe& recipe, const SweptOption& swept, const json& value) {
    for (RecipeStep& step : recipe.steps)
        if (step.technique == swept.technique) step.options[swept.option] = value;
}

Sweep sweep_from_json(const json& recipe, const Registry& registry) {
    json document = recipe;
    const std::vector<SweptOption> lists = lists_in(document);
    Sweep sweep{recipe_from_json(document, registry), {}};
    for (const SweptOption& list : lists) {
        SweptOption swept{list.technique, list.option, {}};
        for (const json& value : list.values) {
            Recipe with = sweep.base;
            set_value(with, swept, value);
            with = validated(with, registry);
            add_value(swept, *value_in(with, swept), value_text(value));
        }
        if (swept.values.size() > 1) sweep.options.push_back(std::move(swept));
    }
    return sweep;
}

json to_json(const Sweep& sweep) {
    Recipe recipe = sweep.base;
    for (const SweptOption& swept : sweep.options) set_value(recipe, swept, swept.values);
    return to_json(recipe);
}

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
                set_value(longer.back(), option, value);
            }
        }
        result = std::move(longer);
    }
    for (Recipe& recipe : result) recipe = validated(recipe, registry);
    return result;
}

Sweep sweep_of(const Sweep& base, std::span<const std::string> settings, const Registry& registry) {
    Sweep sweep{base.base, {}};
    std::vector<SweptOption> before = base.options;
    for (const std::string& setting : settings) {
        const std::size_t equals = setting.find('=');
        const std::string path = setting.substr(0, equals);
        std::erase_if(before,
                      [&path](const SweptOption& earlier) { return path_of(earlier) == path; });
        for (const SweptOption& earlier : sweep.options)
            if (path == path_of(earlier))
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
    sweep.options.insert(sweep.options.begin(), before.begin(), before.end());
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
