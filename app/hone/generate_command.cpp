// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>

#include "app/hone/arguments.h"
#include "app/hone/command.h"
#include "app/hone/experiment_options.h"
#include "app/hone/interrupt.h"
#include "app/hone/terminal.h"
#include "engine/base/printable.h"
#include "engine/experiment/client/client.h"

namespace hone::cli {
namespace {

struct GenerateOptions {
    ExperimentOptions common;
    GenerateRequest request;
    bool raw = false;
};

int generate_command(const GenerateOptions& options) {
    GenerateRequest request = options.request;
    request.experiment.checkpoint = options.common.checkpoint;
    request.experiment.recipe = options.common.recipe();
    request.experiment.target = options.common.target();
    request.chat = !options.raw;
    Observer observer = progress_observer(false);
    if (!options.common.json) {
        observer.token = [](const LiveToken& token) {
            clear_progress();
            print_answer(token.text);
        };
        observer.progress = nullptr;  // its line would mix with the answer
    }
    const Interrupt interrupt;
    const Generated generated = generate(request, {}, observer, interrupt.token());
    clear_progress();
    if (options.common.json) {
        print_json(to_json(generated));
        return kDone;
    }
    print("\n");
    for (const std::string& note : generated.notes) tell("note: " + printable(note));
    const messages::GenerateReply& answer = generated.answer;
    std::string line = fmt::format(
        "{} · {} · first after {}", counted(answer.prompt_tokens, "prompt token"),
        counted(answer.tokens, "token"), figure("time_to_first_token", answer.time_to_first_token));
    if (answer.tokens > 1)
        line += " · " + figure("decode_tokens_per_second", answer.decode_tokens_per_second);
    if (answer.stop == messages::Stop::context) line += " · the model's context is full";
    tell(line);
    return kDone;
}

}  // namespace

void add_generate(CLI::App& app, Commands& commands) {
    const auto options = std::make_shared<GenerateOptions>();
    CLI::App* command = add_command(app, "generate", "Answer a prompt");
    options->common.add_to(*command);
    add_text(*command, "--prompt", options->request.prompt, "The prompt").required();
    add_switch(*command, "--raw", options->raw,
               "Continue the prompt as it is, without the chat template");
    add_whole(*command, "--max-tokens", options->request.max_tokens, {1, limits::kTokens},
              "Tokens at most")
        .shows_default();
    add_real(*command, "--temperature", options->request.temperature, 0, 10,
             "0 always takes the likeliest token")
        .shows_default();
    add_whole(*command, "--seed", options->request.seed, {0, limits::kSeed}, "Seed of the sampling")
        .shows_default();
    commands.push_back({command, [options] { return generate_command(*options); }});
}

}  // namespace hone::cli
