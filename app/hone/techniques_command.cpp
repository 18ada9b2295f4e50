// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>

#include "app/hone/arguments.h"
#include "app/hone/command.h"
#include "app/hone/experiment_options.h"
#include "app/hone/terminal.h"
#include "engine/core/error.h"
#include "engine/techniques/schema/document.h"
#include "engine/techniques/schema/schema.h"

namespace hone::cli {
namespace {

struct TechniquesOptions {
    std::string id;
    bool json = false, markdown = false;
};

int techniques_command(const TechniquesOptions& options) {
    const Registry& registry = builtin_registry();
    const Descriptor* descriptor = nullptr;
    if (!options.id.empty() && (descriptor = registry.find(options.id)) == nullptr) {
        std::string known;
        for (const Descriptor& each : registry.descriptors())
            known += (known.empty() ? "" : ", ") + std::string(each.id);
        throw Error(ErrorDetails{"", "", "technique", "'" + options.id + "'", "one of " + known});
    }
    const Registry chosen(descriptor == nullptr ? registry.descriptors()
                                                : std::span(descriptor, 1));
    if (options.json)
        print_json(to_json(chosen));
    else if (options.markdown)
        print(techniques_markdown(chosen));
    else
        print(technique_help(chosen) + "\n");
    return kDone;
}

}  // namespace

void add_techniques(CLI::App& app, Commands& commands) {
    const auto options = std::make_shared<TechniquesOptions>();
    CLI::App* command = add_command(app, "techniques", "List the techniques with their options");
    add_text(*command, "ID", options->id, "One technique only").shown_as("TECHNIQUE");
    add_switch(*command, "--json", options->json, "Print one JSON document and nothing else");
    add_switch(*command, "--markdown", options->markdown, "Print docs/techniques.md");
    commands.push_back({command, [options] { return techniques_command(*options); }});
}

}  // namespace hone::cli
