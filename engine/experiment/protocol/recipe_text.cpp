// SPDX-License-Identifier: Apache-2.0
#include "engine/experiment/protocol/recipe_text.h"

#include <nlohmann/json.hpp>

namespace hone {

namespace {

using nlohmann::json;

const SweptOption* list_of(const Sweep& sweep, const std::string& technique,
                           std::string_view option) {
    for (const SweptOption& swept : sweep.options)
        if (swept.technique == technique && swept.option == option) return &swept;
    return nullptr;
}

std::string step_text(const RecipeStep& step, const Sweep& sweep, const Registry& registry) {
    const Descriptor* descriptor = registry.find(step.technique);
    if (descriptor == nullptr)
        return json{{"technique", step.technique}, {"options", step.options}}.dump();
    std::string options;
    for (const Option& option : descriptor->options) {
        const std::string key(option.key);
        const SweptOption* list = list_of(sweep, step.technique, option.key);
        const auto value = step.options.find(key);
        if (value == step.options.end()) continue;
        if (list == nullptr && *value == default_value(option)) continue;
        options += options.empty() ? "\n    " : ",\n    ";
        options += json(key).dump() + ": " + (list == nullptr ? *value : json(list->values)).dump();
    }
    const std::string name = "{\"technique\": " + json(step.technique).dump();
    return options.empty() ? name + "}" : name + ", \"options\": {" + options + "\n  }}";
}

}  // namespace

std::string recipe_text(const Sweep& sweep, const Registry& registry) {
    if (sweep.base.steps.empty()) return "[]";
    std::string text;
    for (const RecipeStep& step : sweep.base.steps)
        text += (text.empty() ? "[\n  " : ",\n  ") + step_text(step, sweep, registry);
    return text + "\n]";
}

}  // namespace hone
