// SPDX-License-Identifier: Apache-2.0
#include "app/hone/interrupt.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <stdexcept>

#include "app/hone/command.h"

namespace hone::cli {
namespace {

// A handler may only use what is async-signal-safe, so it writes one byte and a thread does the rest.
std::array<int, 2> signal_pipe{-1, -1};
constexpr char kSignal = 's', kEnd = 'e';

void on_signal(int) {
    [[maybe_unused]] const ssize_t written = write(signal_pipe[1], &kSignal, 1);
}

void handle(void (*handler)(int)) {
    struct sigaction action {};
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART;
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
}

}  // namespace

Interrupt::Interrupt() {
    if (pipe2(signal_pipe.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe for signals");
    watcher_ = std::jthread([this] {
        char byte = 0;
        while (read(signal_pipe[0], &byte, 1) == 1 && byte == kSignal) {
            if (!source_.request_stop()) _exit(kInterrupted);
        }
    });
    handle(on_signal);
}

Interrupt::~Interrupt() {
    handle(SIG_DFL);
    [[maybe_unused]] const ssize_t written = write(signal_pipe[1], &kEnd, 1);
    watcher_.join();
    close(signal_pipe[0]);
    close(signal_pipe[1]);
}

}  // namespace hone::cli
