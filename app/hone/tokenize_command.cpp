// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <filesystem>
#include <iostream>
#include <iterator>
#include <memory>

#include "app/hone/command.h"
#include "app/hone/interrupt.h"
#include "app/hone/terminal.h"
#include "engine/experiment/client/client.h"

namespace hone::cli {
namespace {

struct TokenizeOptions {
    std::string checkpoint;
    std::string file;
    bool ids = false, bench = false, json = false;
};

int tokenize_command(const TokenizeOptions& options) {
    nlohmann::json request{
        {"checkpoint", options.checkpoint}, {"bench", options.bench}, {"ids", options.ids || options.json}};
    if (options.file.empty() || options.file == "-")
        request["text"] =
            std::string{std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>()};
    else
        request["file"] = std::filesystem::absolute(options.file).string();
    const Interrupt interrupt;
    const nlohmann::json result = tokenize(request, {}, interrupt.token());
    if (options.json) {
        print_json(result);
        return kDone;
    }
    if (options.ids) {
        std::string line;
        for (const auto& id : result.at("ids")) line += (line.empty() ? "" : " ") + id.dump();
        print(line + "\n");
    } else {
        print(fmt::format("{}, {}\n", counted(result.value("tokens", 0), "token"),
                          counted(result.value("bytes", 0), "byte")));
    }
    if (options.bench)
        print(fmt::format("{} tok/s, {}/s\n", number(result.value("tokens_per_second", 0.0)),
                          bytes_text(result.value("bytes_per_second", 0.0))));
    return kDone;
}

}  // namespace

void add_tokenize(CLI::App& app, Commands& commands) {
    const auto options = std::make_shared<TokenizeOptions>();
    CLI::App* command =
        app.add_subcommand("tokenize", "Turn a text into token ids; no special tokens are added");
    command
        ->add_option("CHECKPOINT", options->checkpoint,
                     "A GGUF file, a Hugging Face folder, or synthetic:SHAPE")
        ->required();
    command->add_option("FILE", options->file, "The text; standard input where absent");
    command->add_flag("--ids", options->ids, "Print the ids");
    command->add_flag("--bench", options->bench, "Measure the speed too");
    command->add_flag("--json", options->json, "Print one JSON document and nothing else");
    commands.push_back({command, [options] { return tokenize_command(*options); }});
}

}  // namespace hone::cli
