// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>
#include <optional>

#include "app/hone/arguments.h"
#include "app/hone/command.h"
#include "app/hone/interrupt.h"
#include "app/hone/terminal.h"
#include "engine/base/printable.h"
#include "engine/experiment/client/ask.h"

namespace hone::cli {
namespace {

struct InspectOptions {
    std::string checkpoint;
    bool tensors = false, metadata = false, json = false;
};

std::string bytes_words(std::int64_t bytes) {
    return bytes_text(static_cast<double>(bytes));
}

std::string summary(const messages::InspectReply& model) {
    std::string types;
    for (const auto& [type, bytes] : model.types)
        types += (types.empty() ? "" : ", ") + type + " " + bytes_words(bytes);
    std::string text =
        table({{"name", name_text(model.name)},
               {"architecture", name_text(model.architecture)},
               {"parameters", number(static_cast<double>(model.parameters))},
               {"size", bytes_words(model.bytes)},
               {"types", types},
               {"context", fmt::format("{} tokens", model.context_length.value_or(0))},
               {"KV cache, fp32", bytes_words(model.kv_bytes_per_token.value_or(0)) + " a token"},
               {"tokeniser", model.tokenizer.value_or("")},
               {"chat template", model.chat_template}});
    for (const std::string& note : model.notes) text += "note: " + printable(note) + "\n";
    if (!model.supported) text += "not supported: " + printable(model.unsupported_reason) + "\n";
    return text;
}

std::string tensor_table(const std::vector<messages::TensorFacts>& tensors) {
    std::vector<std::vector<std::string>> rows{{"tensor", "type", "shape", "size"}};
    for (const messages::TensorFacts& tensor : tensors) {
        std::string shape;
        for (const std::int64_t dimension : tensor.shape)
            shape += (shape.empty() ? "" : " × ") + std::to_string(dimension);
        rows.push_back({tensor.name, tensor.type, shape, bytes_words(tensor.bytes)});
    }
    return table(rows);
}

std::string metadata_table(const std::vector<messages::MetadataFact>& facts) {
    std::vector<std::vector<std::string>> rows{{"key", "type", "value"}};
    for (const messages::MetadataFact& fact : facts) {
        std::string type = fact.type, value = fact.value;
        if (fact.elements) type += fmt::format(" × {}", *fact.elements);
        if (fact.bytes) value += fmt::format(" ({} bytes)", *fact.bytes);
        if (fact.answered) value += " (not said: the reference's default)";
        rows.push_back({name_text(fact.key), type, value});
    }
    return table(rows, 3);
}

int inspect_command(const InspectOptions& options) {
    const Interrupt interrupt;
    const messages::InspectReply model =
        ask(messages::Inspect{.checkpoint = options.checkpoint,
                              .tensors = options.tensors || options.json},
            {}, interrupt.token());
    std::optional<messages::MetadataReply> facts;
    if (options.metadata)
        facts = ask(messages::Metadata{.checkpoint = options.checkpoint}, {}, interrupt.token());
    if (options.json) {
        nlohmann::json document = messages::write(model);
        if (facts)
            for (const messages::MetadataFact& fact : facts->facts)
                document["metadata"].push_back(messages::write(fact));
        print_json(document);
    } else {
        print(summary(model));
        if (facts) print("\n" + metadata_table(facts->facts));
        if (options.tensors) print("\n" + tensor_table(*model.tensors));
    }
    return kDone;
}

}  // namespace

void add_inspect(CLI::App& app, Commands& commands) {
    const auto options = std::make_shared<InspectOptions>();
    CLI::App* command =
        add_command(app, "inspect", "Show what a checkpoint holds, from its headers alone");
    add_text(*command, "CHECKPOINT", options->checkpoint,
             "A GGUF file, a Hugging Face folder, or synthetic:SHAPE")
        .required();
    add_switch(*command, "--tensors", options->tensors,
               "List every tensor (with --json they are always listed)");
    add_switch(*command, "--metadata", options->metadata,
               "List what it says of itself, key by key");
    add_switch(*command, "--json", options->json, "Print one JSON document and nothing else");
    commands.push_back({command, [options] { return inspect_command(*options); }});
}

}  // namespace hone::cli
