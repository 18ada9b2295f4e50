// SPDX-License-Identifier: Apache-2.0
#include "app/hone/experiment_options.h"

#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "engine/core/error.h"
#include "profiler/store/store.h"

namespace hone::cli {
namespace {

std::string values_of(const Option& option) {
    struct Text {
        std::string operator()(const Flag&) const { return "true|false"; }
        std::string operator()(const Integer& integer) const {
            return fmt::format("{}..{}", integer.low, integer.high);
        }
        std::string operator()(const Real& real) const { return fmt::format("{}..{}", real.low, real.high); }
        std::string operator()(const Choice& choice) const {
            std::string text;
            for (const ChoiceItem& item : choice.items)
                text += (text.empty() ? "" : "|") + std::string(item.id);
            return text;
        }
    };
    return std::visit(Text{}, option.type);
}

}  // namespace

void ExperimentOptions::add_to(CLI::App& app) {
    app.add_option("CHECKPOINT", checkpoint, "A GGUF file, a Hugging Face folder, or synthetic:SHAPE")
        ->required();
    app.add_option("--with", with, "Use a technique: ID, or ID.OPTION=VALUE; may be repeated")
        ->type_name("TECHNIQUE[.OPTION=VALUE]")
        ->take_all();
    app.add_option("--recipe", recipe_file, "Read the recipe from a JSON file")->type_name("FILE");
    app.add_option("--device", device, "Where to run: cpu, or cuda:N")->capture_default_str();
    app.add_option("--threads", threads, "Threads; 0 uses the physical cores")->capture_default_str();
    app.add_option("--store", store_file, "Store of runs, instead of the usual one")->type_name("FILE");
    app.add_flag("--json", json, "Print one JSON document and nothing else");
    app.footer(technique_help(builtin_registry()));
}

Recipe ExperimentOptions::recipe() const {
    const Registry& registry = builtin_registry();
    Recipe recipe;
    if (!recipe_file.empty()) {
        std::ifstream stream(recipe_file);
        const std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
        if (!stream)
            throw Error(ErrorDetails{"", recipe_file.string(), "recipe", "a file that cannot be read",
                                     "a readable JSON file"});
        const nlohmann::json document = nlohmann::json::parse(text, nullptr, false);
        if (document.is_discarded())
            throw Error(ErrorDetails{"", recipe_file.string(), "recipe", "text that is not JSON",
                                     "[{\"technique\": …, \"options\": {…}}, …]"});
        recipe = recipe_from_json(document, registry);
    }
    for (const std::string& setting : with) add_setting(recipe, setting, registry);
    return validated(recipe, registry);
}

Target ExperimentOptions::target() const {
    cuda_index(device, "--device");
    if (threads < 0) throw Error(ErrorDetails{"", "", "--threads", std::to_string(threads), "0 or more"});
    return {device, threads};
}

std::filesystem::path store_path(const std::filesystem::path& chosen) {
    return chosen.empty() ? profiler::Store::default_path() : chosen;
}

std::string technique_help(const Registry& registry) {
    std::string text = "Techniques (hone techniques tells more):";
    for (const Descriptor& descriptor : registry.descriptors()) {
        text += fmt::format("\n  {:<18} {}", descriptor.id, descriptor.summary);
        for (const Option& option : descriptor.options)
            text += fmt::format("\n    --with {}.{}={}", descriptor.id, option.key, values_of(option));
    }
    return text;
}

}  // namespace hone::cli
