// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/experiment/protocol/experiment.h"

namespace hone {

// An option that takes several values, one after the other.
struct SweptOption {
    std::string technique, option;
    std::vector<nlohmann::json> values;
    bool operator==(const SweptOption&) const = default;
};

// A recipe, and what varies in it. Without swept options it is that recipe alone.
struct Sweep {
    Recipe base;  // with one value of each: the first, unless another one is looked at
    std::vector<SweptOption> options;

    std::uint64_t candidates()
        const;  // the product of the numbers of values; the largest number where it is beyond
    // One recipe for each combination, the last option's values changing fastest; as many as
    // candidates(), so that is for the caller to bound. Throws Error as validated() does.
    std::vector<Recipe> recipes(const Registry& registry) const;
};

// How many candidates are measured without a question.
inline constexpr std::uint64_t kMostCandidates = 16;

// `base` with settings as add_setting() takes them, where VALUE may be a list: values between
// commas, each different. In a value "\," is a comma and "\\" a backslash. A setting takes the
// place of a list that `base` has for its option. Throws Error naming the technique, the option and
// what it may be.
Sweep sweep_of(const Sweep& base, std::span<const std::string> settings, const Registry& registry);

// A recipe's document in which a list may stand in the place of an option's value:
// {"scheme": ["q8_0", "q4_0"]}. Throws Error as recipe_from_json(), or naming the option whose list
// is empty, repeats a value or has one that the option has not.
Sweep sweep_from_json(const nlohmann::json& recipe, const Registry& registry);
// What sweep_from_json() reads.
nlohmann::json to_json(const Sweep& sweep);

// A recipe's value of a swept option; null where it has not got its technique.
const nlohmann::json* value_in(const Recipe& recipe, const SweptOption& swept);
void set_value(Recipe& recipe, const SweptOption& swept, const nlohmann::json& value);

// As a list's text, so that each value is read back: "q8_0,q4_0".
std::string values_text(const std::vector<nlohmann::json>& values);

// What a store keeps of a series (profiler::Series), and back; what is none of this version's
// making has no options.
nlohmann::json to_json(const std::vector<SweptOption>& options);
std::vector<SweptOption> swept_from_json(const nlohmann::json& swept);

// What distinguishes one recipe (as JSON) of a series from the others: "q8_0", or "scheme q8_0,
// sparsity 0.5". Empty for a recipe that has none of its techniques, such as the baseline.
std::string swept_label(const std::vector<SweptOption>& options, const nlohmann::json& recipe);

}  // namespace hone
