// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

#include "engine/core/error.h"
#include "engine/experiment/client/client.h"
#include "engine/experiment/protocol/envelope.h"
#include "engine/experiment/protocol/messages/list.h"

namespace hone {

// The worker ended, hung or spoke nonsense: it cannot be used again.
class WorkerLost : public Error {
public:
    using Error::Error;
};

// One `hone worker` process and its protocol (docs/protocol.md). Used from one thread at a time.
// The destructor ends and reaps the process: none outlives its owner.
class WorkerProcess {
public:
    using OnProgress = std::function<void(const messages::Progress& progress)>;

    // Starts the process. Throws Error naming the program where it cannot be started.
    WorkerProcess(const WorkerLaunch& launch, std::function<void(std::string_view line)> log);
    ~WorkerProcess();
    WorkerProcess(const WorkerProcess&) = delete;
    WorkerProcess& operator=(const WorkerProcess&) = delete;

    // Sends the request and waits for its reply. Throws Error with the worker's own words or naming
    // what its reply lacks, WorkerLost where the process is gone (with its signal or status and its
    // last words) or silent for longer than the hang limit, and Cancelled once `stop` was
    // requested; a worker that does not heed `cancel` within two seconds is killed.
    template <class Request>
    typename Request::Reply ask(const Request& request, std::stop_token stop,
                                const OnProgress& progress = {}) {
        const std::int64_t id = begin(stop);
        const messages::Document reply =
            exchange(id, messages::request_line(id, request), std::move(stop), progress);
        return messages::read_reply<typename Request::Reply>(reply.get());
    }
    pid_t pid() const { return pid_; }

private:
    using Clock = std::chrono::steady_clock;

    std::int64_t begin(const std::stop_token& stop);  // a request: its id
    messages::Document exchange(std::int64_t id, const std::string& line, std::stop_token stop,
                                const OnProgress& progress);
    void send(const std::string& line, std::stop_token stop);
    void pump(std::chrono::milliseconds timeout);  // reads what is there into lines_
    bool take_line(std::string& line);
    messages::Line parse(const std::string& line);
    messages::Document wait_for(std::int64_t id, std::stop_token stop, const OnProgress& progress);
    void cancel(std::int64_t id);
    void check_hang();
    void log_lines(std::string_view bytes);
    [[noreturn]] void lost();
    void end(int signal);

    std::function<void(std::string_view)> log_;
    double hang_limit_seconds_;
    pid_t pid_ = -1;
    int channel_ = -1;  // socket: requests out, replies in
    int errors_ = -1;   // pipe: the worker's stderr
    bool ended_ = false;
    std::int64_t next_id_ = 1;
    Clock::time_point last_sign_;
    std::string input_, error_input_;
    std::deque<std::string> last_words_;  // of its stderr
};

}  // namespace hone
