// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>

#include "app/hone/arguments.h"
#include "app/hone/command.h"
#include "app/hone/interrupt.h"
#include "app/hone/terminal.h"
#include "engine/base/printable.h"
#include "engine/experiment/client/client.h"

namespace hone::cli {
namespace {

struct InspectOptions {
    std::string checkpoint;
    bool tensors = false, json = false;
};

std::string summary(const nlohmann::json& model) {
    std::string types;
    const nlohmann::json type_bytes = model.value("types", nlohmann::json::object());
    for (const auto& [type, bytes] : type_bytes.items())
        types += (types.empty() ? "" : ", ") + type + " " + bytes_text(bytes.get<double>());
    std::string text =
        table({{"name", name_text(model.value("name", ""))},
               {"architecture", name_text(model.value("architecture", ""))},
               {"parameters", number(model.value("parameters", 0.0))},
               {"size", bytes_text(model.value("bytes", 0.0))},
               {"types", types},
               {"context", fmt::format("{} tokens", model.value("context_length", 0))},
               {"KV cache, fp32", bytes_text(model.value("kv_bytes_per_token", 0.0)) + " a token"},
               {"tokeniser", model.value("tokenizer", "")},
               {"chat template", model.value("chat_template", "")}});
    for (const nlohmann::json& note : model.value("notes", nlohmann::json::array()))
        text += "note: " + printable(note.get<std::string>()) + "\n";
    if (!model.value("supported", true))
        text += "not supported: " + printable(model.value("unsupported_reason", "")) + "\n";
    return text;
}

std::string tensor_table(const nlohmann::json& tensors) {
    std::vector<std::vector<std::string>> rows{{"tensor", "type", "shape", "size"}};
    for (const auto& tensor : tensors) {
        std::string shape;
        for (const auto& dimension : tensor.at("shape"))
            shape += (shape.empty() ? "" : " × ") + dimension.dump();
        rows.push_back({tensor.value("name", ""), tensor.value("type", ""), shape,
                        bytes_text(tensor.value("bytes", 0.0))});
    }
    return table(rows);
}

int inspect_command(const InspectOptions& options) {
    const Interrupt interrupt;
    const nlohmann::json model =
        inspect(options.checkpoint, options.tensors || options.json, {}, interrupt.token());
    if (options.json) {
        print_json(model);
    } else {
        print(summary(model));
        if (options.tensors) print("\n" + tensor_table(model.at("tensors")));
    }
    return kDone;
}

}  // namespace

void add_inspect(CLI::App& app, Commands& commands) {
    const auto options = std::make_shared<InspectOptions>();
    CLI::App* command = app.add_subcommand("inspect", "Show what a checkpoint holds, from its headers alone");
    add_text(*command, "CHECKPOINT", options->checkpoint,
             "A GGUF file, a Hugging Face folder, or synthetic:SHAPE")
        ->required();
    command->add_flag("--tensors", options->tensors,
                      "List every tensor (with --json they are always listed)");
    command->add_flag("--json", options->json, "Print one JSON document and nothing else");
    commands.push_back({command, [options] { return inspect_command(*options); }});
}

}  // namespace hone::cli
