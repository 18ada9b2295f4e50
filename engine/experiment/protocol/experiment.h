// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/techniques/schema/schema.h"

namespace hone {

struct RecipeStep {
    std::string technique;
    nlohmann::json options = nlohmann::json::object();
    bool operator==(const RecipeStep&) const = default;
};

// An ordered list of techniques; empty is the baseline. JSON: [{"technique": "prune_magnitude",
// "options": {…}}, …]
struct Recipe {
    std::vector<RecipeStep> steps;
    bool operator==(const Recipe&) const = default;
};

nlohmann::json to_json(const Recipe& recipe);
// Checks ids, options (filling in defaults), at most one step a technique, and conflicts. Throws
// Error naming the technique and option.
Recipe recipe_from_json(const nlohmann::json& json, const Registry& registry);
Recipe validated(const Recipe& recipe, const Registry& registry);
// `technique.option=value` or `technique` (all defaults); a second setting of the same technique
// adds to its options.
void add_setting(Recipe& recipe, std::string_view setting, const Registry& registry);
// "baseline", "int4 group 64 · window 256": for tables. Made from the descriptors: title and the
// options that differ from defaults.
std::string label(const Recipe& recipe, const Registry& registry);

// A recipe's steps by what they act on: a file holds the weights as the first left them, the others
// are how a run computes. A technique that the registry does not have counts to the weights, whose
// reader refuses it.
struct RecipeParts {
    Recipe weights, run;
    std::vector<std::string> run_techniques() const;  // ids
};
RecipeParts parts_of(const Recipe& recipe, const Registry& registry);

// How many sequences a workload should have at least, so that every technique of `recipe` can show
// what it does.
int sequences_wanted(const Recipe& recipe, const Registry& registry);

// What the fields of a workload and a target may be, both ends included; the command line's options
// have the same.
namespace limits {
inline constexpr std::int64_t kTokens = std::int64_t{1}
                                        << 24;  // of a prompt, an answer, a window, and windows
inline constexpr std::int64_t kConcurrency = 4096, kRepetitions = 10000, kThreads = 1024,
                              kLeastContext = 2;
inline constexpr std::int64_t kSeed = std::numeric_limits<std::int64_t>::max();
inline constexpr double kResolution = 1;
}  // namespace limits

struct Workload {
    std::int64_t prompt_tokens = 128;
    // "fixed": every prompt has prompt_tokens; "mixed:SEED": an eighth of that to all of it, spread
    // evenly over the logarithm.
    std::string prompt_lengths = "fixed";
    std::int64_t generated_tokens = 64;
    int concurrency = 1;  // sequences
    int repetitions = 5;  // at least
    // Against a baseline repetitions go on until the 99 % interval of the decode speeds' ratio
    // reaches no further than this share to either side, or too many or too long; 0: exactly
    // `repetitions`.
    double resolution = 0.025;
    std::uint64_t seed = 1;
    std::string text = "bundled";         // accuracy text: "bundled", "none", or a path
    std::vector<std::string> more_texts;  // scored after it, "bundled" or paths
    std::string protocol = "windows";     // or "strided"
    std::int64_t context = 512, stride = 256;
    std::int64_t windows = 20;  // scored windows of each text at most; 0: all
};
nlohmann::json to_json(const Workload& workload);
// The length of each sequence's prompt.
std::vector<std::int64_t> prompt_lengths(const Workload& workload);
Workload workload_from_json(
    const nlohmann::json& json);  // defaults filled in; throws Error on a bad field

struct Target {
    std::string device = "cpu";  // or "cuda:N"
    int threads = 0;             // 0: as many as there are physical cores available to the process
};
nlohmann::json to_json(const Target& target);
// Throws Error, naming `field`, for what no target's device is called by.
void require_device(const std::string& device, const std::string& field);
// N of "cuda:N"; nothing for "cpu". For who makes the place that a target names.
std::optional<int> cuda_index(const std::string& device);
Target target_from_json(const nlohmann::json& json);

struct Experiment {
    std::string checkpoint;
    Recipe recipe;
    Workload workload;
    Target target;
};
nlohmann::json to_json(const Experiment& experiment);
Experiment experiment_from_json(const nlohmann::json& json, const Registry& registry);

}  // namespace hone
