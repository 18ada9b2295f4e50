// SPDX-License-Identifier: Apache-2.0
#include "engine/experiment/worker/worker.h"

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <concepts>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <new>
#include <optional>
#include <stop_token>
#include <thread>

#include "engine/core/error.h"
#include "engine/core/system_memory.h"
#include "engine/experiment/protocol/envelope.h"
#include "engine/experiment/protocol/messages/list.h"
#include "engine/experiment/worker/channel.h"
#include "engine/experiment/worker/lost_page.h"
#include "engine/experiment/worker/prepared.h"
#include "engine/experiment/worker/requests.h"
#include "engine/experiment/worker/target_place.h"
#include "kernels/cpu/pulse.h"

namespace hone {
namespace {

constexpr auto kHeartbeat = std::chrono::milliseconds(250);
constexpr auto kEndPatience = std::chrono::seconds(2);

// One thread reads, one works, one passes on the signs of life that the work gives.
class Worker {
public:
    Worker(int input, int output, const WorkerOptions& options) : channel_(input, output) {
        context_.allow_faults = options.allow_faults;
        context_.say = [this](const messages::Progress& event) {
            channel_.write(messages::event_line(current_id_, event));
        };
    }
    int run();

private:
    void read_all();
    void accept(const std::string& text);
    void work();
    void reply_to(const messages::Line& request);
    std::string handle(const messages::Line& request);
    template <class Request>
    std::string answered(const messages::Line& request);
    void heartbeat(const std::stop_token& end);
    void fail(std::optional<std::int64_t> id, const ErrorDetails& error, bool cancelled);

    Channel channel_;
    WorkerContext context_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<messages::Line> requests_;
    bool finished_ = false;     // no further requests
    bool input_ended_ = false;  // the client is gone
    std::stop_source stop_;     // of the request under way
    std::int64_t current_id_ = 0;
    std::atomic<bool> busy_ = false, done_ = false;
};

void Worker::fail(std::optional<std::int64_t> id, const ErrorDetails& error, bool cancelled) {
    channel_.write(
        messages::event_line(id, messages::Failure{.error = error, .cancelled = cancelled}));
}

void Worker::accept(const std::string& text) {
    std::optional<messages::Line> line = messages::parse_line(text);
    if (!line || !line->id) {
        fail({},
             Error(ErrorDetails{"", "", "request", text.substr(0, 80),
                                "a JSON object with id and type"})
                 .details(),
             false);
        return;
    }
    const std::lock_guard lock(mutex_);
    if (messages::asks_for<messages::Cancel>(*line)) {
        stop_.request_stop();
        channel_.write(messages::result_line(*line->id, messages::Done()));
        return;
    }
    requests_.push_back(std::move(*line));
    wake_.notify_all();
}

void Worker::read_all() {
    while (const auto line = channel_.read_line()) {
        if (!line->empty()) accept(*line);
    }
    {
        const std::lock_guard lock(mutex_);
        input_ended_ = true;
        stop_.request_stop();
        wake_.notify_all();
    }
    // The client is gone: whatever does not heed the stop must not outlive it.
    const auto deadline = std::chrono::steady_clock::now() + kEndPatience;
    while (!done_ && std::chrono::steady_clock::now() < deadline)
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    if (!done_) _exit(1);
}

void Worker::heartbeat(const std::stop_token& end) {
    using Clock = std::chrono::steady_clock;
    std::uint64_t seen = kernels::pulses();
    Clock::time_point last = Clock::now();
    while (!end.stop_requested()) {
        std::this_thread::sleep_for(kHeartbeat);
        if (!busy_ || end.stop_requested()) continue;
        const std::uint64_t now = kernels::pulses();
        if (now != seen) last = Clock::now();
        // Work that stands still is not covered up: the client ends the worker then.
        if (now != seen || Clock::now() - last <= kernels::patience())
            channel_.write(
                messages::event_line({}, messages::Heartbeat{.resident = resident_bytes()}));
        seen = now;
    }
}

std::chrono::seconds patience_with(const Target& target) {
    return target_place(target)->patience();
}

// How long the work may stand still at the place that the request is about.
template <class Request>
std::chrono::seconds patience_of(const Request& request, const Prepared* prepared) {
    if constexpr (!messages::kind_of<Request>().empty())
        return prepared != nullptr ? prepared->patience() : std::chrono::seconds(0);
    else if constexpr (requires { patience_with(request.target); })
        return patience_with(request.target);
    else if constexpr (requires { request.target->device; })
        return request.target ? patience_with(*request.target) : std::chrono::seconds(0);
    else if constexpr (requires { request.experiment.target; })
        return patience_with(request.experiment.target);
    else
        return std::chrono::seconds(0);
}

[[noreturn]] void refuse(const messages::Line& line) {
    std::string kinds;
    messages::AnsweredRequests::each([&]<class Request>() {
        if (line.type == Request::kType && !messages::kind_of<Request>().empty())
            kinds += (kinds.empty() ? "" : ", ") + std::string(messages::kind_of<Request>());
    });
    if (kinds.empty())
        throw Error(
            ErrorDetails{"", "", "type", "'" + line.type + "'", "a request of docs/protocol.md"});
    throw Error(ErrorDetails{"", "", "kind", "'" + line.kind + "'", "one of " + kinds});
}

template <class Request>
std::string Worker::answered(const messages::Line& line) {
    const auto request = messages::read<Request>(line.fields.get());
    const kernels::LongStep patience(patience_of(request, context_.prepared.get()));
    return messages::result_line(*line.id, answer(request, context_));
}

std::string Worker::handle(const messages::Line& line) {
    if (messages::asks_for<messages::Finish>(line)) {
        const std::lock_guard lock(mutex_);
        finished_ = true;
        return messages::result_line(*line.id, messages::Done());
    }
    std::string reply;
    messages::AnsweredRequests::each([&]<class Request>() {
        if (reply.empty() && messages::asks_for<Request>(line)) reply = answered<Request>(line);
    });
    if (reply.empty()) refuse(line);
    return reply;
}

void Worker::reply_to(const messages::Line& request) {
    const std::optional<std::int64_t> id = request.id;
    try {
        channel_.write(handle(request));
    } catch (const Cancelled&) {
        fail(id, {"cancelled", "", "", "", ""}, true);
    } catch (const std::bad_alloc&) {
        ErrorDetails details{"", "", "memory", "", "", Fault::no_memory};
        details.summary = "Memory ran out.";
        details.action =
            "Choose a smaller model, a smaller type of weights, a shorter context or fewer "
            "sequences.";
        fail(id, Error(std::move(details)).details(), false);
    } catch (const std::exception& error) {
        const std::optional<PlaceFailure> refused = place_failure(error);
        fail(id, refused ? refused->details : details_of(error), false);
        const std::lock_guard lock(mutex_);
        finished_ = finished_ || (refused && refused->lost);
    }
}

void Worker::work() {
    while (true) {
        messages::Line request;
        {
            std::unique_lock lock(mutex_);
            wake_.wait(lock, [this] { return !requests_.empty() || input_ended_ || finished_; });
            if (input_ended_ || finished_) return;
            request = std::move(requests_.front());
            requests_.pop_front();
            stop_ = std::stop_source();
            context_.stop = stop_.get_token();
            current_id_ = *request.id;
            lost_pages_end_request(current_id_);
        }
        kernels::pulse();
        busy_ = true;
        reply_to(request);
        busy_ = false;
    }
}

int Worker::run() {
    std::jthread beating([this](const std::stop_token& end) { heartbeat(end); });
    std::thread reader([this] { read_all(); });
    work();
    done_ = true;
    // After `finish` the reader may still wait for input that never comes.
    bool client_gone = false;
    {
        const std::lock_guard lock(mutex_);
        client_gone = input_ended_;
    }
    context_.prepared.reset();
    context_.held = {};
    if (client_gone) {
        reader.join();
        return 0;
    }
    reader.detach();
    beating.request_stop();
    beating.join();
    _exit(0);
}

}  // namespace

int run_worker(int input_fd, int output_fd, const WorkerOptions& options) {
    report_lost_pages(output_fd);
    return Worker(input_fd, output_fd, options).run();
}

}  // namespace hone
