// SPDX-License-Identifier: Apache-2.0
#include "engine/techniques/schema/document.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace hone {
namespace {

std::string values_of(const Option& option) {
    struct Text {
        std::string operator()(const Flag&) const { return "`true`, `false`"; }
        std::string operator()(const Integer& integer) const {
            return fmt::format("{} to {}{}{}", integer.low, integer.high,
                               integer.unit.empty() ? "" : " ", integer.unit);
        }
        std::string operator()(const Real& real) const {
            return fmt::format("{} to {}{}{}", real.low, real.high, real.unit.empty() ? "" : " ",
                               real.unit);
        }
        std::string operator()(const Choice& choice) const {
            std::string text;
            for (const ChoiceItem& item : choice.items)
                text += fmt::format("{}`{}`", text.empty() ? "" : ", ", item.id);
            return text;
        }
    };
    return std::visit(Text{}, option.type);
}

std::string default_of(const Option& option) {
    const nlohmann::json value = default_value(option);
    return value.is_string() ? value.get<std::string>() : value.dump();
}

std::string_view stage_text(Stage stage) {
    switch (stage) {
        case Stage::transforms_weights:
            return "changes the weights: part of an exported file";
        case Stage::configures_run:
            return "configures the run: left out of an exported file";
        case Stage::configures_training:
            break;
    }
    return "configures training";
}

std::string section(const Registry& registry, const Descriptor& descriptor) {
    std::string text =
        fmt::format("\n## {}\n\n`{}` · slot {} · {}\n\n{} Source: {}.\n\n", descriptor.title,
                    descriptor.id, slot_title(descriptor.slot), stage_text(descriptor.stage),
                    descriptor.summary, descriptor.source);
    text += "| option | values | default | what it does |\n| --- | --- | --- | --- |\n";
    for (const Option& option : descriptor.options) {
        const std::string when =
            option.only_when
                ? fmt::format(" Only with `{}={}`.", option.only_when->key, option.only_when->value)
                : "";
        text += fmt::format("| `{}` | {} | `{}` | {}{} |\n", option.key, values_of(option),
                            default_of(option), option.help, when);
    }
    for (const Descriptor& other : registry.descriptors()) {
        const std::string_view reason = registry.conflict(descriptor.id, other.id);
        if (!reason.empty()) text += fmt::format("\nConflicts with `{}`: {}\n", other.id, reason);
    }
    return text;
}

}  // namespace

std::string techniques_markdown(const Registry& registry) {
    std::string text =
        "# Techniques\n\nMade from the registry by `hone techniques --markdown`. On the command "
        "line: "
        "`--with ID` or `--with ID.OPTION=VALUE`.\nThe baseline uses none of them.\n";
    for (const Descriptor& descriptor : registry.descriptors())
        text += section(registry, descriptor);
    return text;
}

}  // namespace hone
