// SPDX-License-Identifier: Apache-2.0
#include "engine/experiment/worker/worker.h"

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <new>
#include <optional>
#include <stop_token>
#include <thread>

#include "engine/core/error.h"
#include "engine/core/system_memory.h"
#include "engine/experiment/worker/channel.h"
#include "engine/experiment/worker/device_target.h"
#include "engine/experiment/worker/lost_page.h"
#include "engine/experiment/worker/prepared.h"
#include "engine/experiment/worker/requests.h"
#include "kernels/cpu/pulse.h"
#include "kernels/cuda/device.h"

namespace hone {
namespace {

using nlohmann::json;

constexpr auto kHeartbeat = std::chrono::milliseconds(250);
// Between two signs of life of the work where a device is asked: it gives none.
constexpr auto kDevicePatience = std::chrono::seconds(120);
constexpr auto kEndPatience = std::chrono::seconds(2);

// One thread reads, one works, one passes on the signs of life that the work gives.
class Worker {
public:
    Worker(int input, int output, const WorkerOptions& options)
        : channel_(input, output), options_(options) {}
    int run();

private:
    void read_all();
    void accept(const std::string& line);
    void work();
    void answer(const json& request);
    json handle(const json& request);
    json prepare(const json& request);
    json step(const json& request);
    Progress progress(const char* phase);
    void heartbeat(const std::stop_token& end);
    void fail(const json& id, const ErrorDetails& error, bool cancelled);
    Prepared& prepared();

    Channel channel_;
    WorkerOptions options_;
    std::unique_ptr<Prepared> prepared_;
    Written held_;  // an export that awaits its verification
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<json> requests_;
    bool finished_ = false;     // no further requests
    bool input_ended_ = false;  // the client is gone
    std::stop_source stop_;     // of the request under way
    json current_id_;
    std::atomic<bool> busy_ = false, done_ = false;
};

void Worker::fail(const json& id, const ErrorDetails& error, bool cancelled) {
    json message{{"id", id}, {"type", "error"}, {"error", to_json(error)}};
    if (cancelled) message["cancelled"] = true;
    channel_.write(message);
}

void Worker::accept(const std::string& line) {
    json request = json::parse(line, nullptr, false);
    if (request.is_discarded() || !request.is_object() || !request.contains("type") ||
        !request["type"].is_string() || !request.contains("id") || !request["id"].is_number_integer()) {
        fail(nullptr,
             Error(ErrorDetails{"", "", "request", line.substr(0, 80), "a JSON object with id and type"})
                 .details(),
             false);
        return;
    }
    const std::lock_guard lock(mutex_);
    if (request["type"] == "cancel") {
        stop_.request_stop();
        channel_.write({{"id", request["id"]}, {"type", "result"}});
        return;
    }
    requests_.push_back(std::move(request));
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
            channel_.write({{"type", "heartbeat"}, {"resident", resident_bytes()}});
        seen = now;
    }
}

Progress Worker::progress(const char* phase) {
    Progress result;
    result.stop = stop_.get_token();
    result.report = [this, phase](double fraction, std::string_view what) {
        channel_.write({{"id", current_id_},
                        {"type", "progress"},
                        {"phase", phase},
                        {"fraction", fraction},
                        {"detail", std::string(what)}});
    };
    return result;
}

Prepared& Worker::prepared() {
    if (!prepared_) throw Error(ErrorDetails{"", "", "step", "no prepared model", "a prepare before it"});
    return *prepared_;
}

json Worker::prepare(const json& request) {
    prepared_.reset();
    InjectedFault fault;
    if (request.contains("fault")) {
        if (!options_.allow_faults)
            throw Error(
                ErrorDetails{"", "", "fault", request["fault"].dump(), "nothing: faults are for tests"});
        fault = InjectedFault(request["fault"]);
    }
    const Experiment experiment = experiment_from_json(request.at("experiment"), builtin_registry());
    // Which files a client has looked at before: any other is not what it asks for.
    const std::vector<SourceFile> files = files_from_json(request.value("files", json::array()));
    prepared_ = std::make_unique<Prepared>(experiment, request.value("dtype", "keep"), fault,
                                           progress("load"), progress("apply"), files);
    return prepared_->description();
}

json Worker::step(const json& request) {
    const std::string kind = text_field(request, "kind");
    const Progress quiet{{}, stop_.get_token()};
    if (kind == "repetition") return prepared().repetition(quiet);
    if (kind == "attention_mass") return prepared().attention_mass(quiet);
    if (kind == "trace") return prepared().trace(request, quiet);
    if (kind == "accuracy") return prepared().accuracy(request, quiet);
    if (kind == "generate") {
        const auto say = [this](const Prepared::GeneratedToken& token) {
            json message{{"id", current_id_}, {"type", "progress"}, {"phase", "generate"},
                         {"fraction", -1},    {"text", token.text}, {"seconds", token.seconds}};
            if (token.id >= 0) message["token"] = token.id;
            channel_.write(message);
        };
        return prepared().generate(request, say, stop_.get_token());
    }
    throw Error(ErrorDetails{"", "", "kind", "'" + kind + "'",
                             "repetition, attention_mass, accuracy, trace or generate"});
}

// How long the work may stand still: where a device computes, nobody knows how far it is.
std::chrono::seconds patience_of(const json& request, const Prepared* prepared) {
    const std::string type = request["type"];
    if (type == "devices") return kDevicePatience;
    if (type == "step")
        return prepared != nullptr && prepared->on_device() ? kDevicePatience : std::chrono::seconds(0);
    const json experiment = request.value("experiment", json::object());
    for (const json& holder : {request, experiment}) {
        const auto target = holder.find("target");
        if (target != holder.end() && target->is_object() && target->value("device", "cpu") != "cpu")
            return kDevicePatience;
    }
    return std::chrono::seconds(0);
}

json Worker::handle(const json& request) {
    const std::string type = request["type"];
    const kernels::LongStep patience(patience_of(request, prepared_.get()));
    if (type == "hello") return hello(request);
    if (type == "devices") return describe_devices(request.value("open", false));
    if (type == "inspect") return inspect_checkpoint(request);
    if (type == "tensor_stats") return tensor_statistics(request, progress("run"));
    if (type == "tokenize") return tokenize_text(request, progress("run"));
    if (type == "texts") return check_texts(request);
    if (type == "supports") return supported_techniques(request);
    if (type == "predict") return predict_experiment(request);
    if (type == "calibrate") return calibrate_machine(request, progress("calibrate"));
    if (type == "prepare") return prepare(request);
    if (type == "step") return step(request);
    if (type == "export") return export_model(request, progress("apply"), progress("write"), held_);
    if (type == "settle_export") return settle_export(request, held_);
    if (type == "finish") {
        const std::lock_guard lock(mutex_);
        finished_ = true;
        return json::object();
    }
    throw Error(ErrorDetails{"", "", "type", "'" + type + "'", "a request of docs/protocol.md"});
}

void Worker::answer(const json& request) {
    const json& id = request["id"];
    try {
        json result = handle(request);
        result["id"] = id;
        result["type"] = "result";
        channel_.write(result);
    } catch (const Cancelled&) {
        fail(id, {"cancelled", "", "", "", ""}, true);
    } catch (const std::bad_alloc&) {
        ErrorDetails details{"", "", "memory", "", "", Fault::no_memory};
        details.summary = "Memory ran out.";
        details.action =
            "Choose a smaller model, a smaller type of weights, a shorter context or fewer sequences.";
        fail(id, Error(std::move(details)).details(), false);
    } catch (const gpu::DeviceError& error) {
        fail(id, device_error(error), false);
        // Nothing that CUDA is asked from now on would work in this process.
        const std::lock_guard lock(mutex_);
        finished_ = finished_ || error.sticky;
    } catch (const json::exception&) {
        ErrorDetails details{"",
                             "",
                             "request",
                             "a field that is missing or of another type",
                             "a request of docs/protocol.md",
                             Fault::internal};
        fail(id, Error(std::move(details)).details(), false);
    } catch (const std::exception& error) {
        fail(id, details_of(error), false);
    }
}

void Worker::work() {
    while (true) {
        json request;
        {
            std::unique_lock lock(mutex_);
            wake_.wait(lock, [this] { return !requests_.empty() || input_ended_ || finished_; });
            if (input_ended_ || finished_) return;
            request = std::move(requests_.front());
            requests_.pop_front();
            stop_ = std::stop_source();
            current_id_ = request["id"];
            lost_pages_end_request(current_id_.get<std::int64_t>());
        }
        kernels::pulse();
        busy_ = true;
        answer(request);
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
    prepared_.reset();
    held_ = {};
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
