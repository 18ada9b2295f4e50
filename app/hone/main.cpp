// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "app/hone/arguments.h"
#include "app/hone/command.h"
#include "app/hone/interrupt.h"
#include "app/hone/terminal.h"
#include "app/hone/worker_command.h"
#include "engine/core/error.h"
#include "engine/experiment/client/left_behind.h"
#include "engine/experiment/client/worker_process.h"
#include "profiler/store/store.h"

namespace {

using namespace hone;

// A descriptor that is closed would be given to the next file that is opened, and text meant for
// people would be written into it. What is opened in its place refuses the same way: reading from
// 0, writing to 1 and 2.
void occupy_standard_descriptors() {
    for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (fcntl(descriptor, F_GETFD) >= 0) continue;
        const int opened = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY);
        if (opened >= 0 && opened != descriptor) close(opened);
    }
}

// Whether standard output can be written or not, and standard error too: the status is told.
int fail(const ErrorDetails& details, bool json, int status) {
    cli::clear_progress();
    cli::tell("hone: " + details.message);
    try {
        if (json) cli::print_json(nlohmann::json{{"error", to_json(details)}});
    } catch (const std::exception&) {
        return status;
    }
    return status;
}

// An input that cannot be used is 2. What broke under way, or finds no room, is a failed
// experiment.
int status_of(const Error& error) {
    const Fault fault = error.details().fault;
    const bool failed = dynamic_cast<const WorkerLost*>(&error) != nullptr ||
                        fault == Fault::no_memory || fault == Fault::changed ||
                        fault == Fault::internal;
    return failed ? cli::kFailed : cli::kUnusable;
}

ErrorDetails stopped() {
    ErrorDetails details;
    details.message = "Stopped before it was done: " + cli::stopped_reason() + ".";
    details.summary = details.message;
    return details;
}

int parse_and_run(CLI::App& app, const cli::Commands& commands,
                  std::vector<std::string> arguments) {
    cli::check_arguments(app, arguments);
    std::reverse(arguments.begin(), arguments.end());  // as the parser takes them
    try {
        app.parse(arguments);
    } catch (const CLI::Success& done) {  // --help, --version
        std::ostringstream out, ignored;
        app.exit(done, out, ignored);
        cli::print(out.str());
        return cli::kDone;
    } catch (const CLI::ParseError& error) {
        throw Error(cli::parse_problem(app, error));
    }
    for (const cli::Command& command : commands) {
        if (command.app->parsed()) return command.run();
    }
    return cli::kUnusable;
}

int run(CLI::App& app, const cli::Commands& commands, const std::vector<std::string>& arguments) {
    // Known before the arguments are: a wrong argument must answer in JSON too.
    const bool json = std::find(arguments.begin(), arguments.end(), "--json") != arguments.end();
    try {
        return parse_and_run(app, commands, arguments);
    } catch (const Cancelled&) {
        return fail(stopped(), json, cli::stopped_status());
    } catch (const cli::OutputLost& lost) {
        if (lost.unread()) return cli::kUnread;
        cli::clear_progress();
        cli::tell(std::string("hone: ") + lost.what());
        return cli::kFailed;
    } catch (const Error& error) {
        return fail(error.details(), json, status_of(error));
    } catch (const profiler::StoreError& error) {
        ErrorDetails details = details_of(error);
        details.field = "store";
        return fail(details, json, cli::kUnusable);
    } catch (const std::exception& error) {
        return fail(details_of(error), json, cli::kFailed);
    }
}

}  // namespace

int main(int argc, char** argv) {
    occupy_standard_descriptors();
    std::signal(SIGPIPE, SIG_IGN);  // both show as an error of the write, which somebody can tell
    std::signal(SIGXFSZ, SIG_IGN);
    try {
        if (argc > 1 && std::string_view(argv[1]) != "worker") remove_what_killed_clients_left();
        CLI::App app{
            "Hone shows what each optimisation does to the latency, memory and accuracy of a "
            "language "
            "model."};
        app.name("hone");
        app.set_version_flag("--version", "hone " HONE_VERSION);
        app.require_subcommand(1);
        cli::Commands commands;
        cli::add_bench(app, commands);
        cli::add_eval(app, commands);
        cli::add_generate(app, commands);
        cli::add_export(app, commands);
        cli::add_tokenize(app, commands);
        cli::add_inspect(app, commands);
        cli::add_techniques(app, commands);
        cli::add_runs(app, commands);
        cli::add_doctor(app, commands);
        cli::add_worker(app, commands);
        return run(app, commands, {argv + std::min(argc, 1), argv + argc});
    } catch (const std::exception& error) {
        cli::tell("hone: " + details_of(error).message);
        return cli::kFailed;
    }
}
