// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "engine/techniques/schema/schema.h"

namespace hone::ui {

QString text(std::string_view utf8);
// A tooltip that breaks its lines: Qt keeps plain text on one.
QString wrappedTip(const QString& text);

// Whether an option has an effect beside the others' values.
bool applies(const Option& option, const nlohmann::json& options);
// A value as people read it: a choice by its label, a number with its unit.
QString valueText(const Option& option, const nlohmann::json& value);

using ValueLists = std::map<std::string, std::vector<nlohmann::json>>;  // by the option's key
// What of a technique's options is worth a line: the first, those that differ from their defaults,
// and the values of lists. "Q4_0 · Embeddings: Leave as it is".
QString optionsText(const Descriptor& descriptor, const nlohmann::json& options,
                    const ValueLists& lists = {});

}  // namespace hone::ui
