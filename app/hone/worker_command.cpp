// SPDX-License-Identifier: Apache-2.0
#include "app/hone/worker_command.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <memory>

#include "app/hone/worker_limits.h"
#include "engine/experiment/worker/worker.h"

namespace hone::cli {
namespace {

// The protocol keeps its descriptors to itself: whatever a library prints goes to stderr.
int run(const WorkerOptions& options) {
    const int input = dup(STDIN_FILENO), output = dup(STDOUT_FILENO);
    const int nothing = open("/dev/null", O_RDONLY);
    dup2(nothing, STDIN_FILENO);
    dup2(STDERR_FILENO, STDOUT_FILENO);
    close(nothing);
    std::signal(SIGPIPE, SIG_IGN);  // a client that is gone shows as the end of input
    std::signal(SIGINT, SIG_IGN);   // the client decides what Ctrl+C means
    std::signal(SIGXFSZ, SIG_IGN);  // a limit on files shows as an error of the write
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    forbid_what_no_worker_needs();
    // Where memory runs out the system should end the worker, not the window.
    std::ofstream("/proc/self/oom_score_adj") << 500;
    return run_worker(input, output, options);
}

}  // namespace

void add_worker(CLI::App& app, Commands& commands) {
    const auto options = std::make_shared<WorkerOptions>();
    CLI::App* command =
        add_command(app, "worker", "Serve the worker protocol on standard input and output");
    add_switch(*command, "--allow-faults", options->allow_faults,
               "Accept requests to fail on purpose (for tests)");
    commands.push_back({command, [options] { return run(*options); }});
}

}  // namespace hone::cli
