// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <string_view>

#include "app/hone/command.h"
#include "app/hone/terminal.h"
#include "app/hone/worker_command.h"
#include "engine/core/error.h"
#include "engine/experiment/client/left_behind.h"
#include "profiler/store/store.h"

namespace {

using namespace hone;

int fail(const ErrorDetails& details, bool json, int status) {
    cli::clear_progress();
    if (json) cli::print_json(nlohmann::json{{"error", to_json(details)}});
    fmt::print(stderr, "hone: {}\n", details.message);
    return status;
}

int run(const cli::Commands& commands, bool json) {
    try {
        for (const cli::Command& command : commands) {
            if (command.app->parsed()) return command.run();
        }
        return cli::kUnusable;
    } catch (const Cancelled&) {
        return fail({"cancelled", "", "", "", ""}, json, cli::kInterrupted);
    } catch (const Error& error) {
        return fail(error.details(), json, cli::kUnusable);
    } catch (const profiler::StoreError& error) {
        return fail({error.what(), "", "store", "", ""}, json, cli::kUnusable);
    } catch (const std::exception& error) {
        return fail({error.what(), "", "", "", ""}, json, cli::kFailed);
    }
}

}  // namespace

int main(int argc, char** argv) {
    // With a limit on file sizes (ulimit -f) a write then fails, as on a full disk, and what was begun is removed.
    std::signal(SIGXFSZ, SIG_IGN);
    if (argc > 1 && std::string_view(argv[1]) != "worker") remove_what_killed_clients_left();
    CLI::App app{
        "Hone shows what each optimisation does to the latency, memory and accuracy of a language model."};
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
    // Known before the arguments are: a wrong argument must answer in JSON too.
    const bool json =
        std::any_of(argv + 1, argv + argc, [](const char* a) { return std::string_view(a) == "--json"; });
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& done) {
        return app.exit(done);
    } catch (const CLI::ParseError& error) {
        return fail({error.what(), "", "", "", ""}, json, cli::kUnusable);
    }
    return run(commands, json);
}
