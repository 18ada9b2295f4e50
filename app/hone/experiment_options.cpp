// SPDX-License-Identifier: Apache-2.0
#include "app/hone/experiment_options.h"

#include <fmt/format.h>
#include <unistd.h>

#include "app/hone/arguments.h"
#include "engine/base/bounded_json.h"
#include "engine/base/letter_case.h"
#include "engine/base/small_file.h"
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
        std::string operator()(const Real& real) const {
            return fmt::format("{}..{}", real.low, real.high);
        }
        std::string operator()(const Choice& choice) const {
            std::string text;
            for (const ChoiceItem& item : choice.items)
                text += (text.empty() ? "" : "|") + std::string(item.id);
            return text;
        }
    };
    return std::visit(Text{}, option.type);
}

constexpr JsonBounds kRecipe{16, std::size_t{1} << 20U};

nlohmann::json recipe_document(const std::filesystem::path& file) {
    const auto refuse = [&file](const char* summary, const std::string& found,
                                const char* expected) {
        ErrorDetails details{"", file.string(), "recipe", found, expected, Fault::argument};
        details.summary = summary;
        throw Error(std::move(details));
    };
    try {
        return parse_bounded_json(read_small_file(file, kRecipe.bytes), kRecipe);
    } catch (const FileProblem& problem) {
        refuse("The recipe cannot be read.", problem.what(), "a file of JSON, of 1 MiB at most");
    } catch (const JsonProblem& problem) {
        refuse("This is not a recipe.", problem.what(), R"([{"technique": …, "options": {…}}, …])");
    }
    return {};
}

}  // namespace

void ExperimentOptions::add_to(CLI::App& app) {
    add_text(app, "CHECKPOINT", checkpoint,
             "A GGUF file, a Hugging Face folder, or synthetic:SHAPE")
        .required();
    add_texts(app, "--with", with,
              "Use a technique: ID, or ID.OPTION=VALUE; may be repeated. A comma of a value is "
              "written \\,")
        .shown_as("TECHNIQUE[.OPTION=VALUE] ...");
    add_path(
        app, "--recipe", recipe_file,
        "Read the recipe from a JSON file; a list in the place of a value is a list of values");
    add_text(app, "--device", device, "Where to run: cpu, or cuda:N")
        .shown_as("DEVICE")
        .shows_default();
    add_threads(app, threads);
    add_path(app, "--store", store_file, "Store of runs, instead of the usual one");
    add_switch(app, "--json", json, "Print one JSON document and nothing else");
    add_footer(app, technique_help(builtin_registry()));
}

Sweep ExperimentOptions::sweep() const {
    const Registry& registry = builtin_registry();
    const Sweep of_file =
        recipe_file.empty() ? Sweep{} : sweep_from_json(recipe_document(recipe_file), registry);
    return sweep_of(of_file, with, registry);
}

Recipe ExperimentOptions::recipe() const {
    const Sweep settings = sweep();
    if (!settings.options.empty()) {
        const SweptOption& swept = settings.options.front();
        ErrorDetails details{"",
                             "",
                             swept.technique + "." + swept.option,
                             "'" + values_text(swept.values) + "'",
                             "one value: hone bench and hone eval alone take several",
                             Fault::argument};
        throw Error(std::move(details));
    }
    return validated(settings.base, builtin_registry());
}

Target ExperimentOptions::target() const {
    const std::string wanted = lower_case(device);
    require_device(wanted, "--device");
    check_threads(threads);
    return {wanted, threads};
}

Argument add_threads(CLI::App& app, int& threads) {
    return add_whole(app, "--threads", threads, {0, limits::kThreads},
                     "Threads; 0 uses the physical cores")
        .shows_default();
}

void check_threads(int threads) {
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);
    if (processors <= 0 || threads <= processors) return;
    ErrorDetails details{"",
                         "",
                         "--threads",
                         std::to_string(threads),
                         fmt::format("0 to {}", processors),
                         Fault::argument};
    details.summary =
        fmt::format("This machine has {} processor{}: more threads would only wait for each other.",
                    processors, processors == 1 ? "" : "s");
    throw Error(std::move(details));
}

std::filesystem::path store_path(const std::filesystem::path& chosen) {
    return chosen.empty() ? profiler::Store::default_path() : chosen;
}

std::string technique_help(const Registry& registry) {
    std::string text = "Techniques (hone techniques tells more):";
    for (const Descriptor& descriptor : registry.descriptors()) {
        text += fmt::format("\n  {:<18} {}", descriptor.id, descriptor.summary);
        for (const Option& option : descriptor.options)
            text +=
                fmt::format("\n    --with {}.{}={}", descriptor.id, option.key, values_of(option));
    }
    return text;
}

}  // namespace hone::cli
