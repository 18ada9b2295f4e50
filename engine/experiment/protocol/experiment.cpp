// SPDX-License-Identifier: Apache-2.0
#include "engine/experiment/protocol/experiment.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <random>

#include "engine/base/bounded_json.h"
#include "engine/core/error.h"

namespace hone {
namespace {

using nlohmann::json;

[[noreturn]] void reject(const std::string& field, const std::string& found,
                         const std::string& expected) {
    throw Error(ErrorDetails{"", "", field, found, expected, Fault::argument,
                             "The value of " + field + " cannot be used."});
}

const json& object(const json& value, const char* what) {
    if (!value.is_object()) reject(what, json_excerpt(value), "a JSON object");
    return value;
}

// Reads the known fields of a JSON object; finish() refuses what was not asked for.
class Fields {
public:
    Fields(const json& value, const char* what) : value_(object(value, what)), what_(what) {}

    template <typename Number>
    void integer(const char* key, Number& into, std::int64_t low, std::int64_t high) {
        const json* found = take(key);
        if (found == nullptr) return;
        const std::string expected = fmt::format("a whole number from {} to {}", low, high);
        if (!found->is_number_integer()) reject(name(key), json_excerpt(*found), expected);
        const auto number = found->get<std::int64_t>();
        if (number < low || number > high) reject(name(key), json_excerpt(*found), expected);
        into = static_cast<Number>(number);
    }

    void real(const char* key, double& into, double low, double high) {
        const json* found = take(key);
        if (found == nullptr) return;
        const std::string expected = fmt::format("a number from {} to {}", low, high);
        if (!found->is_number()) reject(name(key), json_excerpt(*found), expected);
        const double number = found->get<double>();
        if (!(number >= low && number <= high)) reject(name(key), json_excerpt(*found), expected);
        into = number;
    }

    void texts(const char* key, std::vector<std::string>& into) {
        const json* found = take(key);
        if (found == nullptr) return;
        const auto is_text = [](const json& item) { return item.is_string(); };
        if (!found->is_array() || !std::all_of(found->begin(), found->end(), is_text))
            reject(name(key), json_excerpt(*found), "a list of texts");
        into = found->get<std::vector<std::string>>();
    }

    void text(const char* key, std::string& into) {
        const json* found = take(key);
        if (found == nullptr) return;
        if (!found->is_string() || found->get_ref<const std::string&>().empty())
            reject(name(key), json_excerpt(*found), "a text that is not empty");
        into = found->get<std::string>();
    }

    const json* take(const char* key) {
        const auto found = value_.find(key);
        if (found == value_.end()) return nullptr;
        return &*found;
    }

    void finish(std::initializer_list<std::string_view> known) const {
        for (const auto& [key, ignored] : value_.items()) {
            if (std::find(known.begin(), known.end(), key) != known.end()) continue;
            std::string names;
            for (const std::string_view each : known)
                names += (names.empty() ? "" : ", ") + std::string(each);
            reject(std::string(what_) + " field", "'" + key + "'", "one of " + names);
        }
    }

private:
    std::string name(const char* key) const { return std::string(what_) + "." + key; }

    const json& value_;
    const char* what_;
};

const Descriptor& known_technique(const std::string& id, const Registry& registry) {
    const Descriptor* descriptor = registry.find(id);
    if (descriptor != nullptr) return *descriptor;
    std::string known;
    for (const Descriptor& each : registry.descriptors())
        known += (known.empty() ? "" : ", ") + std::string(each.id);
    reject("technique", "'" + id + "'", "one of " + known);
}

std::string value_label(const Option& option, const json& value) {
    if (const auto* choice = std::get_if<Choice>(&option.type)) {
        for (const ChoiceItem& item : choice->items) {
            if (value == item.id) return std::string(item.id);
        }
    }
    if (std::holds_alternative<Real>(option.type)) return fmt::format("{:g}", value.get<double>());
    return value.dump();
}

bool applies(const Option& option, const json& options) {
    if (!option.only_when) return true;
    const auto found = options.find(std::string(option.only_when->key));
    return found != options.end() && *found == option.only_when->value;
}

std::string step_label(const RecipeStep& step, const Registry& registry) {
    const Descriptor* descriptor = registry.find(step.technique);
    if (descriptor == nullptr) return step.technique;
    std::string details;
    for (const Option& option : descriptor->options) {
        const auto found = step.options.find(std::string(option.key));
        if (found == step.options.end() || !applies(option, step.options)) continue;
        const bool leading = &option == &descriptor->options.front();
        const auto* choice = std::get_if<Choice>(&option.type);
        // The first option says what kind it is, unless there is but one kind; the others only
        // where they differ.
        const bool flag = std::holds_alternative<Flag>(option.type);
        const bool telling = leading && !flag && (choice == nullptr || choice->items.size() > 1);
        if (!telling && *found == default_value(option) && !(option.in_label || option.only_when))
            continue;
        details += (details.empty() ? " " : ", ") +
                   ((leading && !flag) || option.only_when ? std::string()
                                                           : std::string(option.key) + " ") +
                   value_label(option, *found);
    }
    return std::string(descriptor->title) + details;
}

}  // namespace

json to_json(const Recipe& recipe) {
    json list = json::array();
    for (const RecipeStep& step : recipe.steps)
        list.push_back({{"technique", step.technique}, {"options", step.options}});
    return list;
}

Recipe validated(const Recipe& recipe, const Registry& registry) {
    Recipe result;
    for (const RecipeStep& step : recipe.steps) {
        const Descriptor& descriptor = known_technique(step.technique, registry);
        for (const RecipeStep& earlier : result.steps) {
            if (earlier.technique == step.technique)
                reject("recipe", "'" + step.technique + "' twice", "each technique at most once");
            const std::string_view reason = registry.conflict(earlier.technique, step.technique);
            if (!reason.empty()) {
                ErrorDetails details{"",
                                     "",
                                     "recipe",
                                     earlier.technique + " with " + step.technique,
                                     "one of them",
                                     Fault::argument};
                details.summary = fmt::format("{} and {} cannot be used together.",
                                              earlier.technique, step.technique);
                details.action = reason;
                throw Error(std::move(details));
            }
        }
        result.steps.push_back({step.technique, complete_options(descriptor, step.options)});
    }
    return result;
}

Recipe recipe_from_json(const json& document, const Registry& registry) {
    if (!document.is_array())
        reject("recipe", json_excerpt(document), "[{\"technique\": …, \"options\": {…}}, …]");
    Recipe recipe;
    for (const json& item : document) {
        Fields fields(item, "recipe step");
        RecipeStep step;
        fields.text("technique", step.technique);
        if (step.technique.empty())
            reject("recipe step.technique", "nothing", "the id of a technique");
        if (const json* options = fields.take("options")) step.options = *options;
        fields.finish({"technique", "options"});
        recipe.steps.push_back(std::move(step));
    }
    return validated(recipe, registry);
}

void add_setting(Recipe& recipe, std::string_view setting, const Registry& registry) {
    const std::size_t equals = setting.find('=');
    const std::string_view path = setting.substr(0, equals);
    const std::size_t dot = path.find('.');
    const std::string id(path.substr(0, dot));
    const Descriptor& descriptor = known_technique(id, registry);
    auto step = std::find_if(recipe.steps.begin(), recipe.steps.end(),
                             [&id](const RecipeStep& each) { return each.technique == id; });
    if (step == recipe.steps.end()) {
        recipe.steps.push_back({id, default_options(descriptor)});
        step = recipe.steps.end() - 1;
    }
    if (dot == std::string_view::npos) {
        if (equals != std::string_view::npos)
            reject("setting", "'" + std::string(setting) + "'", id + " or " + id + ".OPTION=VALUE");
        return;
    }
    const std::string_view key = path.substr(dot + 1);
    if (equals == std::string_view::npos)
        reject("setting", "'" + std::string(setting) + "'", std::string(path) + "=VALUE");
    for (const Option& option : descriptor.options) {
        if (option.key != key) continue;
        step->options[std::string(key)] =
            parse_value(descriptor, option, setting.substr(equals + 1));
        return;
    }
    complete_options(descriptor,
                     {{std::string(key), nullptr}});  // throws, naming the options there are
}

std::string label(const Recipe& recipe, const Registry& registry) {
    if (recipe.steps.empty()) return "baseline";
    std::string text;
    for (const RecipeStep& step : recipe.steps)
        text += (text.empty() ? "" : " · ") + step_label(step, registry);
    return text;
}

std::vector<std::string> RecipeParts::run_techniques() const {
    std::vector<std::string> ids;
    for (const RecipeStep& step : run.steps) ids.push_back(step.technique);
    return ids;
}

RecipeParts parts_of(const Recipe& recipe, const Registry& registry) {
    RecipeParts parts;
    for (const RecipeStep& step : recipe.steps) {
        const Descriptor* const descriptor = registry.find(step.technique);
        const bool weights =
            descriptor == nullptr || descriptor->stage == Stage::transforms_weights;
        (weights ? parts.weights : parts.run).steps.push_back(step);
    }
    return parts;
}

int sequences_wanted(const Recipe& recipe, const Registry& registry) {
    std::int64_t wanted = 1;
    for (const RecipeStep& step : recipe.steps) {
        const Descriptor* descriptor = registry.find(step.technique);
        if (descriptor == nullptr || descriptor->sequences.empty()) continue;
        wanted = std::max(wanted,
                          step.options.value(std::string(descriptor->sequences), std::int64_t{1}));
    }
    return static_cast<int>(wanted);
}

namespace {

constexpr std::string_view kMixed = "mixed:";

// The seed of "mixed:SEED"; nothing for "fixed". Throws Error for anything else.
std::optional<std::uint32_t> lengths_seed(const std::string& lengths) {
    if (lengths == "fixed") return std::nullopt;
    std::uint32_t seed = 0;
    const char* const end = lengths.data() + lengths.size();
    if (lengths.starts_with(kMixed)) {
        const auto [stop, error] = std::from_chars(lengths.data() + kMixed.size(), end, seed);
        if (error == std::errc() && stop == end) return seed;
    }
    reject("workload.prompt_lengths", "'" + lengths + "'",
           "fixed, or mixed: and a number, like mixed:1");
}

}  // namespace

std::vector<std::int64_t> prompt_lengths(const Workload& workload) {
    constexpr double kOctaves = 3;
    const auto seed = lengths_seed(workload.prompt_lengths);
    std::vector<std::int64_t> lengths;
    std::mt19937 random(seed.value_or(0));
    for (int i = 0; i < workload.concurrency; ++i) {
        const double share =
            static_cast<double>(random()) / static_cast<double>(std::mt19937::max());
        const double length =
            static_cast<double>(workload.prompt_tokens) * std::exp2(-kOctaves * share);
        lengths.push_back(seed ? std::max<std::int64_t>(1, std::llround(length))
                               : workload.prompt_tokens);
    }
    return lengths;
}

json to_json(const Workload& workload) {
    json document = {{"prompt_tokens", workload.prompt_tokens},
                     {"generated_tokens", workload.generated_tokens},
                     {"concurrency", workload.concurrency},
                     {"repetitions", workload.repetitions},
                     {"seed", workload.seed},
                     {"text", workload.text},
                     {"protocol", workload.protocol},
                     {"context", workload.context},
                     {"stride", workload.stride},
                     {"windows", workload.windows}};
    // Left out where it is the default: runs stored before there was a choice compare with those
    // after.
    if (workload.prompt_lengths != "fixed") document["prompt_lengths"] = workload.prompt_lengths;
    if (!workload.more_texts.empty()) document["more_texts"] = workload.more_texts;
    if (workload.resolution != Workload().resolution) document["resolution"] = workload.resolution;
    return document;
}

Workload workload_from_json(const json& document) {
    using limits::kTokens;
    Workload workload;
    Fields fields(document, "workload");
    fields.integer("prompt_tokens", workload.prompt_tokens, 1, kTokens);
    fields.text("prompt_lengths", workload.prompt_lengths);
    lengths_seed(workload.prompt_lengths);
    fields.integer("generated_tokens", workload.generated_tokens, 1, kTokens);
    fields.integer("concurrency", workload.concurrency, 1, limits::kConcurrency);
    fields.integer("repetitions", workload.repetitions, 1, limits::kRepetitions);
    fields.real("resolution", workload.resolution, 0, limits::kResolution);
    fields.integer("seed", workload.seed, 0, limits::kSeed);
    fields.text("text", workload.text);
    fields.texts("more_texts", workload.more_texts);
    if (!workload.more_texts.empty() && workload.text == "none")
        reject("workload.more_texts", "texts", "nothing where the first text is none");
    fields.text("protocol", workload.protocol);
    fields.integer("context", workload.context, limits::kLeastContext, kTokens);
    fields.integer("stride", workload.stride, 1, kTokens);
    fields.integer("windows", workload.windows, 0, kTokens);
    fields.finish({"prompt_tokens", "prompt_lengths", "generated_tokens", "concurrency",
                   "repetitions", "resolution", "seed", "text", "more_texts", "protocol", "context",
                   "stride", "windows", "accuracy_only"});
    if (workload.protocol != "windows" && workload.protocol != "strided")
        reject("workload.protocol", "'" + workload.protocol + "'", "windows or strided");
    if (workload.protocol == "strided" && workload.stride > workload.context)
        reject("workload.stride", std::to_string(workload.stride),
               fmt::format("at most the context, {}", workload.context));
    return workload;
}

json to_json(const Target& target) {
    return {{"device", target.device}, {"threads", target.threads}};
}

std::optional<int> cuda_index(const std::string& device) {
    constexpr std::string_view kPrefix = "cuda:";
    int index = -1;
    if (!device.starts_with(kPrefix)) return std::nullopt;
    const char* const end = device.data() + device.size();
    const auto read = std::from_chars(device.data() + kPrefix.size(), end, index);
    return read.ec == std::errc() && read.ptr == end && index >= 0 ? std::optional(index)
                                                                   : std::nullopt;
}

void require_device(const std::string& device, const std::string& field) {
    if (device != "cpu" && !cuda_index(device))
        reject(field, "'" + device + "'", "cpu, or cuda:N with a device's number");
}

Target target_from_json(const json& document) {
    Target target;
    Fields fields(document, "target");
    fields.text("device", target.device);
    fields.integer("threads", target.threads, 0, limits::kThreads);
    fields.finish({"device", "threads"});
    require_device(target.device, "target.device");
    return target;
}

json to_json(const Experiment& experiment) {
    return {{"checkpoint", experiment.checkpoint},
            {"recipe", to_json(experiment.recipe)},
            {"workload", to_json(experiment.workload)},
            {"target", to_json(experiment.target)}};
}

Experiment experiment_from_json(const json& document, const Registry& registry) {
    Experiment experiment;
    Fields fields(document, "experiment");
    fields.text("checkpoint", experiment.checkpoint);
    if (experiment.checkpoint.empty())
        reject("experiment.checkpoint", "nothing", "a path, or synthetic:SHAPE");
    if (const json* recipe = fields.take("recipe"))
        experiment.recipe = recipe_from_json(*recipe, registry);
    if (const json* workload = fields.take("workload"))
        experiment.workload = workload_from_json(*workload);
    if (const json* target = fields.take("target")) experiment.target = target_from_json(*target);
    fields.finish({"checkpoint", "recipe", "workload", "target"});
    return experiment;
}

}  // namespace hone
