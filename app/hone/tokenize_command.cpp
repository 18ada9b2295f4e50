// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>

#include "app/hone/arguments.h"
#include "app/hone/command.h"
#include "app/hone/interrupt.h"
#include "app/hone/terminal.h"
#include "engine/core/error.h"
#include "engine/experiment/client/ask.h"

namespace hone::cli {
namespace {

struct TokenizeOptions {
    std::string checkpoint;
    std::string file;
    bool ids = false, bench = false, json = false;
};

[[noreturn]] void not_read(const std::string& found, const char* expected) {
    ErrorDetails details{"", "", "standard input", found, expected, Fault::missing};
    details.summary = "Standard input cannot be read.";
    throw Error(std::move(details));
}

// Standard input as a file that only lives in memory, which a worker opens by its path: any bytes
// give the same ids from both, however many there are, and nothing is left behind.
class KeptInput {
public:
    KeptInput() : file_(memfd_create("standard-input", MFD_CLOEXEC)) {
        if (file_ < 0) not_read(std::strerror(errno), "room in memory to keep it");
        std::array<char, 65536> buffer;
        while (true) {
            const ssize_t got = read(STDIN_FILENO, buffer.data(), buffer.size());
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) not_read(std::strerror(errno), "a text");
            if (got == 0) break;
            keep({buffer.data(), static_cast<std::size_t>(got)});
        }
    }
    ~KeptInput() { close(file_); }
    KeptInput(const KeptInput&) = delete;
    KeptInput& operator=(const KeptInput&) = delete;

    std::string path() const { return fmt::format("/proc/{}/fd/{}", getpid(), file_); }
    std::size_t bytes() const { return bytes_; }

private:
    void keep(std::string_view piece) {
        constexpr std::size_t kMost = std::size_t{1} << 30U;
        bytes_ += piece.size();
        if (bytes_ > kMost) not_read("more than 1 GiB", "at most 1 GiB of text");
        while (!piece.empty()) {
            const ssize_t written = write(file_, piece.data(), piece.size());
            if (written < 0 && errno != EINTR)
                not_read(std::strerror(errno), "room in memory to keep it");
            if (written > 0) piece.remove_prefix(static_cast<std::size_t>(written));
        }
    }

    int file_;
    std::size_t bytes_ = 0;
};

int tokenize_command(const TokenizeOptions& options) {
    messages::Tokenize request{.checkpoint = options.checkpoint,
                               .bench = options.bench,
                               .ids = options.ids || options.json};
    std::optional<KeptInput> typed;
    if (!options.file.empty() && options.file != "-")
        request.file = std::filesystem::absolute(options.file).string();
    else if (typed.emplace().bytes() > 0)
        request.file = typed->path();
    else
        request.text = "";
    const Interrupt interrupt;
    const messages::TokenizeReply result = ask(request, {}, interrupt.token());
    if (options.json) {
        print_json(messages::write(result));
        return kDone;
    }
    if (options.ids) {
        std::string line;
        for (const std::int32_t id : *result.ids)
            line += (line.empty() ? "" : " ") + std::to_string(id);
        print(line + "\n");
    } else {
        print(fmt::format("{}, {}\n", counted(result.tokens, "token"),
                          counted(result.bytes, "byte")));
    }
    if (options.bench)
        print(fmt::format("{} tok/s, {}/s\n", number(result.tokens_per_second.value_or(0)),
                          bytes_text(result.bytes_per_second.value_or(0))));
    return kDone;
}

}  // namespace

void add_tokenize(CLI::App& app, Commands& commands) {
    const auto options = std::make_shared<TokenizeOptions>();
    CLI::App* command =
        add_command(app, "tokenize", "Turn a text into token ids; no special tokens are added");
    add_text(*command, "CHECKPOINT", options->checkpoint,
             "A GGUF file, a Hugging Face folder, or synthetic:SHAPE")
        .required();
    add_text(*command, "FILE", options->file, "The text; standard input where absent")
        .shown_as("FILE");
    add_switch(*command, "--ids", options->ids, "Print the ids");
    add_switch(*command, "--bench", options->bench, "Measure the speed too");
    add_switch(*command, "--json", options->json, "Print one JSON document and nothing else");
    commands.push_back({command, [options] { return tokenize_command(*options); }});
}

}  // namespace hone::cli
