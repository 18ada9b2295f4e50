// SPDX-License-Identifier: Apache-2.0
#include "engine/experiment/client/worker_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <utility>
#include <vector>

#include "engine/experiment/client/process_state.h"

namespace hone {
namespace {

constexpr std::size_t kLineLimit = std::size_t{64} << 20;
constexpr std::size_t kLastWords = 5;
constexpr auto kPoll = std::chrono::milliseconds(50);
constexpr double kStoragePatience =
    60;  // seconds, where the system says that the worker waits for a disk
constexpr auto kCancelPatience = std::chrono::seconds(2);

std::filesystem::path program_of(const WorkerLaunch& launch) {
    if (!launch.program.empty()) return launch.program;
    return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "hone";
}

struct Actions {
    Actions() {
        posix_spawn_file_actions_init(&files);
        posix_spawnattr_init(&attributes);
    }
    ~Actions() {
        posix_spawn_file_actions_destroy(&files);
        posix_spawnattr_destroy(&attributes);
    }
    Actions(const Actions&) = delete;
    Actions& operator=(const Actions&) = delete;
    posix_spawn_file_actions_t files{};
    posix_spawnattr_t attributes{};
};

// A group of its own keeps the terminal's Ctrl+C from it: the client cancels in an orderly way
// instead.
pid_t spawn(const std::filesystem::path& program, const std::vector<std::string>& arguments,
            int channel, int errors) {
    Actions actions;
    posix_spawn_file_actions_adddup2(&actions.files, channel, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions.files, channel, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions.files, errors, STDERR_FILENO);
    sigset_t none, defaults;
    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGINT);
    sigaddset(&defaults, SIGTERM);
    sigaddset(&defaults, SIGPIPE);
    posix_spawnattr_setsigmask(&actions.attributes, &none);
    posix_spawnattr_setsigdefault(&actions.attributes, &defaults);
    posix_spawnattr_setpgroup(&actions.attributes, 0);
    posix_spawnattr_setflags(&actions.attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                                      POSIX_SPAWN_SETPGROUP);
    std::string name = program.string();
    std::vector<std::string> copies = arguments;
    std::vector<char*> argv{name.data()};
    for (std::string& argument : copies) argv.push_back(argument.data());
    argv.push_back(nullptr);
    pid_t pid = -1;
    const int failed =
        posix_spawn(&pid, name.c_str(), &actions.files, &actions.attributes, argv.data(), environ);
    if (failed != 0)
        throw Error(ErrorDetails{
            fmt::format("{}: the worker cannot be started: {}", name, std::strerror(failed)), name,
            "worker program", std::strerror(failed), "a program that can be run"});
    return pid;
}

std::string ending(int status) {
    if (WIFSIGNALED(status)) {
        const int signal = WTERMSIG(status);
        const char* const name = sigabbrev_np(signal);
        std::string text = fmt::format("The worker was killed by SIG{}",
                                       name == nullptr ? std::to_string(signal) : name);
        if (signal == SIGKILL) text += ", perhaps because memory ran out";
        return text + ".";
    }
    return fmt::format("The worker ended with status {} in the middle of its work.",
                       WEXITSTATUS(status));
}

// Reads what is there without blocking; false once the other end is closed.
bool drain(int descriptor, std::string& into) {
    std::array<char, 65536> buffer;
    while (true) {
        const ssize_t got = read(descriptor, buffer.data(), buffer.size());
        if (got > 0)
            into.append(buffer.data(), static_cast<std::size_t>(got));
        else if (got < 0 && errno == EINTR)
            continue;
        else
            return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    }
}

}  // namespace

WorkerProcess::WorkerProcess(const WorkerLaunch& launch, std::function<void(std::string_view)> log)
    : log_(std::move(log)),
      hang_limit_seconds_(launch.hang_limit_seconds),
      last_sign_(Clock::now()) {
    std::array<int, 2> channel{}, errors{};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel.data()) != 0)
        throw Error("no socket for a worker: " + std::string(std::strerror(errno)));
    channel_ = channel[0];
    if (pipe2(errors.data(), O_CLOEXEC) != 0) {
        close(channel[0]);
        close(channel[1]);
        throw Error("no pipe for a worker: " + std::string(std::strerror(errno)));
    }
    errors_ = errors[0];
    try {
        pid_ = spawn(program_of(launch), launch.arguments, channel[1], errors[1]);
    } catch (...) {
        for (const int descriptor : {channel[0], channel[1], errors[0], errors[1]})
            close(descriptor);
        throw;
    }
    close(channel[1]);
    close(errors[1]);
    fcntl(channel_, F_SETFL, fcntl(channel_, F_GETFL) | O_NONBLOCK);
    fcntl(errors_, F_SETFL, fcntl(errors_, F_GETFL) | O_NONBLOCK);
}

WorkerProcess::~WorkerProcess() {
    end(SIGKILL);
    close(channel_);
    close(errors_);
}

// Ends and reaps the process where that has not been done.
void WorkerProcess::end(int signal) {
    if (ended_) return;
    ended_ = true;
    kill(pid_, signal);
    while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
}

void WorkerProcess::lost() {
    int status = 0;
    std::string reason = "The worker ended in the middle of its work.";
    if (!ended_) {
        // Its channel is closed, so it is ending; one that lingers is ended.
        const auto deadline = Clock::now() + kCancelPatience;
        pid_t reaped = 0;
        while ((reaped = waitpid(pid_, &status, WNOHANG)) == 0 && Clock::now() < deadline)
            usleep(2000);
        if (reaped == pid_) {
            ended_ = true;
            reason = ending(status);
        } else {
            end(SIGKILL);
        }
    }
    std::string bytes;
    drain(errors_, bytes);
    log_lines(bytes);
    std::string words;
    for (const std::string& line : last_words_) words += (words.empty() ? "" : " / ") + line;
    ErrorDetails details{"", "", words.empty() ? "" : "its last words", words, "", Fault::internal};
    details.summary = reason;
    throw WorkerLost(std::move(details));
}

void WorkerProcess::check_hang() {
    const double silent = std::chrono::duration<double>(Clock::now() - last_sign_).count();
    if (silent <= hang_limit_seconds_) return;
    const ProcessState state = process_state(pid_);
    if (state == ProcessState::waits_for_storage && silent <= kStoragePatience) return;
    end(SIGKILL);
    const std::string said =
        fmt::format("The worker gave no sign of life for {:.0f} s and was ended", silent);
    switch (state) {
        case ProcessState::stopped:
            throw WorkerLost(said + ": a signal had stopped it.");
        case ProcessState::waits_for_storage:
            throw WorkerLost(said + ": it waited for a disk that did not answer.");
        case ProcessState::running:
        case ProcessState::gone:
            break;
    }
    throw WorkerLost(said + ": its work stood still.");
}

// A message may be larger than what the socket holds, and the worker may have stopped reading.
void WorkerProcess::send(const std::string& line, std::stop_token stop) {
    std::size_t sent = 0;
    while (sent < line.size()) {
        const ssize_t count =
            ::send(channel_, line.data() + sent, line.size() - sent, MSG_NOSIGNAL);
        if (count > 0) {
            sent += static_cast<std::size_t>(count);
            last_sign_ = Clock::now();
        } else if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            if (stop.stop_requested()) {
                end(SIGKILL);
                throw Cancelled();
            }
            check_hang();
            pollfd wait{channel_, POLLOUT, 0};
            poll(&wait, 1, static_cast<int>(kPoll.count()));
        } else if (errno != EINTR) {
            lost();
        }
    }
}

void WorkerProcess::log_lines(std::string_view bytes) {
    error_input_ += bytes;
    std::size_t end_of_line = 0;
    while ((end_of_line = error_input_.find('\n')) != std::string::npos) {
        const std::string line = error_input_.substr(0, end_of_line);
        error_input_.erase(0, end_of_line + 1);
        if (line.empty()) continue;
        if (log_) log_(line);
        last_words_.push_back(line);
        if (last_words_.size() > kLastWords) last_words_.pop_front();
    }
}

void WorkerProcess::pump(std::chrono::milliseconds timeout) {
    std::array<pollfd, 2> waits{{{channel_, POLLIN, 0}, {errors_, POLLIN, 0}}};
    // A closed stderr would make poll return at once for ever; the channel tells when the worker is
    // gone.
    if (poll(waits.data(), waits.size(), static_cast<int>(timeout.count())) <= 0) return;
    if (waits[1].revents != 0) {
        std::string bytes;
        const bool open = drain(errors_, bytes);
        log_lines(bytes);
        if (!open && waits[0].revents == 0) usleep(1000);
    }
    if (waits[0].revents == 0) return;
    const bool open = drain(channel_, input_);
    if (!open && input_.find('\n') == std::string::npos) lost();
    if (input_.size() > kLineLimit && input_.find('\n') == std::string::npos) {
        end(SIGKILL);
        throw WorkerLost("The worker sent a line of more than 64 MiB.");
    }
}

bool WorkerProcess::take_line(std::string& line) {
    const std::size_t end_of_line = input_.find('\n');
    if (end_of_line == std::string::npos) return false;
    line = input_.substr(0, end_of_line);
    input_.erase(0, end_of_line + 1);
    return true;
}

messages::Line WorkerProcess::parse(const std::string& line) {
    if (std::optional<messages::Line> parsed = messages::parse_line(line))
        return std::move(*parsed);
    end(SIGKILL);
    throw WorkerLost(
        fmt::format("The worker said something that is not the protocol: {}", line.substr(0, 120)));
}

void WorkerProcess::cancel(std::int64_t id) {
    const auto deadline = Clock::now() + kCancelPatience;
    try {
        send(messages::request_line(next_id_++, messages::Cancel()), {});
        std::string line;
        while (Clock::now() < deadline) {
            while (take_line(line)) {
                const messages::Line message = parse(line);
                if (message.id == id &&
                    (message.type == messages::kResult || message.type == messages::Failure::kType))
                    return;
            }
            pump(kPoll);
        }
    } catch (const WorkerLost&) {
        return;
    }
    end(SIGKILL);
}

messages::Document WorkerProcess::wait_for(std::int64_t id, std::stop_token stop,
                                           const OnProgress& progress) {
    std::string line;
    while (true) {
        while (take_line(line)) {
            messages::Line message = parse(line);
            last_sign_ = Clock::now();
            if (message.id != id) continue;
            const nlohmann::json& fields = message.fields.get();
            if (message.type == messages::kResult) return std::move(message.fields);
            if (message.type == messages::Progress::kType && progress)
                progress(messages::read_reply<messages::Progress>(fields));
            if (message.type != messages::Failure::kType) continue;
            const auto failure = messages::read_reply<messages::Failure>(fields);
            if (failure.cancelled) throw Cancelled();
            throw Error(failure.error);
        }
        if (stop.stop_requested()) {
            cancel(id);
            throw Cancelled();
        }
        check_hang();
        pump(kPoll);
    }
}

std::int64_t WorkerProcess::begin(const std::stop_token& stop) {
    if (stop.stop_requested()) throw Cancelled();
    if (ended_) throw WorkerLost("The worker has ended already.");
    last_sign_ = Clock::now();
    return next_id_++;
}

messages::Document WorkerProcess::exchange(std::int64_t id, const std::string& line,
                                           std::stop_token stop, const OnProgress& progress) {
    send(line, stop);
    return wait_for(id, std::move(stop), progress);
}

}  // namespace hone
