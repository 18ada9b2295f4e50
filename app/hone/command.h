// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "app/hone/arguments.h"

namespace hone::cli {

// Exit statuses of `hone`: done, the experiment failed, unusable input, stopped by Ctrl+C (other
// signals: 128 and their number), and 141 where nobody reads the output any more, as for a program
// that SIGPIPE ends.
inline constexpr int kDone = 0, kFailed = 1, kUnusable = 2, kInterrupted = 130, kUnread = 141;

// A subcommand and what runs once its arguments are parsed; run() returns the exit status or throws
// hone::Error.
struct Command {
    CLI::App* app;
    std::function<int()> run;
};
using Commands = std::vector<Command>;

// Each adds its subcommand to `app`, its options bound to state that lives in the command's
// closure.
void add_bench(CLI::App& app, Commands& commands);
void add_eval(CLI::App& app, Commands& commands);
void add_generate(CLI::App& app, Commands& commands);
void add_export(CLI::App& app, Commands& commands);
void add_tokenize(CLI::App& app, Commands& commands);
void add_inspect(CLI::App& app, Commands& commands);
void add_techniques(CLI::App& app, Commands& commands);
void add_runs(CLI::App& app, Commands& commands);
void add_doctor(CLI::App& app, Commands& commands);

}  // namespace hone::cli
