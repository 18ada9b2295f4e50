// SPDX-License-Identifier: Apache-2.0
#include "app/hone/interrupt.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <system_error>

#include "app/hone/command.h"

namespace hone::cli {
namespace {

constexpr std::array kSignals{SIGINT, SIGTERM, SIGHUP};
constexpr unsigned char kEnd = 0;

// A handler may only use what is async-signal-safe, so it writes one byte, the signal's number, and
// a thread does the rest.
std::array<int, 2> signal_pipe{-1, -1};
std::atomic<int> first_signal{0};  // it outlives the Interrupt: the status is told after it

void on_signal(int signal) {
    const int earlier = errno;
    const auto byte = static_cast<unsigned char>(signal);
    [[maybe_unused]] const ssize_t written = write(signal_pipe[1], &byte, 1);
    errno = earlier;
}

// What was ignored from the start stays so: SIGHUP under nohup, SIGINT of a job in the background
// of a script.
void handle(void (*handler)(int)) {
    for (const int signal : kSignals) {
        struct sigaction action {
        }, before{};
        sigaction(signal, nullptr, &before);
        if (before.sa_handler == SIG_IGN) continue;
        action.sa_handler = handler;
        action.sa_flags = SA_RESTART;
        sigaction(signal, &action, nullptr);
    }
}

}  // namespace

Interrupt::Interrupt() {
    if (pipe2(signal_pipe.data(), O_CLOEXEC) != 0)
        throw std::system_error(errno, std::generic_category(), "a pipe for signals");
    first_signal = 0;
    watcher_ = std::jthread([this] {
        unsigned char byte = kEnd;
        while (read(signal_pipe[0], &byte, 1) == 1 && byte != kEnd) {
            int none = 0;
            first_signal.compare_exchange_strong(none, byte);
            if (!source_.request_stop()) _exit(stopped_status());
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

std::string stopped_reason() {
    switch (first_signal) {
        case SIGTERM:
            return "stopped by SIGTERM";
        case SIGHUP:
            return "stopped by SIGHUP: its terminal was closed";
        default:
            return "cancelled by the user";
    }
}

int stopped_status() {
    constexpr int kOfSignals = 128;  // as shells count
    return first_signal == 0 ? kInterrupted : kOfSignals + first_signal;
}

}  // namespace hone::cli
