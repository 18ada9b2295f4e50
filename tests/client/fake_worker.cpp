// SPDX-License-Identifier: Apache-2.0
// Speaks the worker protocol (docs/protocol.md) without a model: every figure is a function of the
// step, so that tests know what to expect, and it misbehaves on request.
//   --on REQUEST BEHAVIOUR   on every such request   --synthetic   --unsupported   --unsteady
//   --available BYTES   --kl NATS   --jitter SHARE
//   --idle TECHNIQUE         which did not engage   --refuse TEXT, --large TEXT   an experiment
//   that has this text in it
// prepare's "fault": {"at_step": N, "behaviour": BEHAVIOUR}, counting steps of either kind from 0;
// {"slow_down": SHARE}; or
// {"jitter": SHARE}.
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "engine/core/error.h"
#include "engine/core/replacing_file.h"
#include "engine/experiment/protocol/envelope.h"
#include "engine/experiment/protocol/messages/list.h"

namespace {

using hone::Existing;
using hone::ReplacingFile;

namespace messages = hone::messages;
using Json = nlohmann::json;
using messages::Line;
using std::chrono::milliseconds;

constexpr double kScored = 255;

struct Settings {
    std::map<std::string, std::string> behaviours;  // request type → behaviour
    bool synthetic = false, supported = true, unsteady = false;
    double jitter = 0;
    std::string idle, refuse, large;
    std::int64_t available = std::int64_t{8} << 30;
    double kl = 0.01;
};

struct Cancelled {};

class FakeWorker {
public:
    explicit FakeWorker(Settings settings) : settings_(std::move(settings)) {}

    int serve() {
        std::string line;
        std::thread work;
        while (std::getline(std::cin, line)) {
            const Line request = messages::parse_line(line).value();
            if (messages::asks_for<messages::Cancel>(request)) {
                cancelled_ = true;
                reply(request, messages::Done());
                continue;
            }
            if (work.joinable()) work.join();
            if (messages::asks_for<messages::Finish>(request)) {
                reply(request, messages::Done());
                return 0;
            }
            cancelled_ = false;
            work = std::thread([this, request] { answer(request); });
        }
        // End of input means cancel and exit, whatever runs.
        ::_exit(0);
    }

private:
    void write(const std::string& text) {
        const std::lock_guard lock(writing_);
        for (std::size_t sent = 0; sent < text.size();) {
            const ssize_t count = ::write(STDOUT_FILENO, text.data() + sent, text.size() - sent);
            if (count <= 0) ::_exit(1);
            sent += static_cast<std::size_t>(count);
        }
    }

    template <class Event>
    void say(std::optional<std::int64_t> id, const Event& event) {
        write(messages::event_line(id, event));
    }

    template <class Reply>
    void reply(const Line& request, const Reply& reply) {
        write(messages::result_line(request.id.value(), reply));
    }

    void reply_json(const Line& request, Json fields) {
        write(messages::reply_line(request.id, messages::kResult, std::move(fields)));
    }

    void fail(const Line& request, const std::string& message) {
        say(request.id, messages::Failure{.error = {message, "model.gguf", "magic", "PK", "GGUF"}});
    }

    // Long work with heartbeats; `heeds` says whether a cancel ends it.
    void labour(milliseconds duration, bool heeds) {
        const auto end = std::chrono::steady_clock::now() + duration;
        for (int i = 0; std::chrono::steady_clock::now() < end; ++i) {
            if (heeds && cancelled_) throw Cancelled();
            if (i % 10 == 0) say({}, messages::Heartbeat{.resident = 1 << 20});
            std::this_thread::sleep_for(milliseconds(5));
        }
    }

    // Returns whether the request was answered (or never will be).
    bool behave(const std::string& behaviour, const Line& request) {
        static const std::map<std::string, int> signals{
            {"SIGKILL", SIGKILL}, {"SIGSEGV", SIGSEGV}, {"SIGABRT", SIGABRT}, {"SIGSTOP", SIGSTOP}};
        if (const auto found = signals.find(behaviour); found != signals.end()) {
            // The default action, even where a sanitiser has installed its own.
            if (found->second != SIGKILL && found->second != SIGSTOP)
                ::signal(found->second, SIG_DFL);
            ::kill(::getpid(), found->second);
            std::this_thread::sleep_for(milliseconds(50));
        } else if (behaviour == "exit") {
            std::cerr << "first complaint\nout of cheese" << std::endl;
            ::_exit(3);
        } else if (behaviour == "garbage") {
            write("Segmentation fault, or so a library printed\n");
        } else if (behaviour == "not an object") {
            write("[1, 2]\n");
        } else if (behaviour == "wrong fields") {
            reply_json(request, {{"metrics", "many"},
                                 {"token_times", "now"},
                                 {"memory", {{"weights", "big"}}},
                                 {"text", 7},
                                 {"load_seconds", "fast"},
                                 {"notes", 3},
                                 {"nll_sum", "low"},
                                 {"scored", nullptr}});
        } else if (behaviour == "flood") {
            for (int i = 0; i < 1100; ++i) write(std::string(1 << 16, 'x'));
        } else if (behaviour == "half a line") {
            write("{\"id\": 1, \"ty");
            ::_exit(0);
        } else if (behaviour == "close") {
            ::shutdown(STDOUT_FILENO, SHUT_WR);
            std::this_thread::sleep_for(std::chrono::seconds(60));
        } else if (behaviour == "error") {
            fail(request, "");
        } else if (behaviour == "out of memory") {
            fail(request, "out of memory: 9 GB were asked for");
        } else if (behaviour == "slow") {
            labour(std::chrono::seconds(60), true);
        } else if (behaviour == "deaf") {
            labour(std::chrono::seconds(60), false);
        } else if (behaviour == "busy") {
            labour(milliseconds(900), true);
            return false;
        } else {
            fail(request, "the fake worker knows no " + behaviour);
        }
        return true;
    }

    template <class Request>
    static Request read(const Line& request) {
        return messages::read<Request>(request.fields.get());
    }

    void answer(const Line& request) {
        try {
            const std::string& type = request.type;
            if (const auto found = settings_.behaviours.find(type);
                found != settings_.behaviours.end())
                if (behave(found->second, request)) return;
            if (messages::asks_for<messages::Hello>(request))
                reply(request, hello());
            else if (messages::asks_for<messages::Inspect>(request))
                reply(request, inspect(read<messages::Inspect>(request)));
            else if (messages::asks_for<messages::Predict>(request))
                reply(request, predict(request));
            else if (messages::asks_for<messages::Supports>(request))
                reply(request, messages::SupportsReply());
            else if (messages::asks_for<messages::Tokenize>(request))
                reply(request, tokenize(read<messages::Tokenize>(request)));
            else if (messages::asks_for<messages::Metadata>(request))
                reply(request,
                      messages::MetadataReply{
                          .facts = {{.key = "general.name", .type = "text", .value = "Fake"}}});
            else if (messages::asks_for<messages::TensorStats>(request))
                reply(request, messages::TensorStatsReply{
                                   .count = read<messages::TensorStats>(request).bins});
            else if (messages::asks_for<messages::Prepare>(request))
                reply(request, prepare(request));
            else if (type == messages::Repetition::kType)
                step(request);
            else if (messages::asks_for<messages::Export>(request))
                reply(request, export_file(read<messages::Export>(request)));
            else if (messages::asks_for<messages::SettleExport>(request))
                reply(request, settle_export(read<messages::SettleExport>(request)));
            else
                fail(request, "unknown request " + type);
        } catch (const hone::Error& error) {
            fail(request, error.what());
        } catch (const Cancelled&) {
            say(request.id,
                messages::Failure{.error = {"cancelled", {}, {}, {}, {}}, .cancelled = true});
        }
    }

    static messages::HelloReply hello() {
        return {.program = "fake",
                .pid = ::getpid(),
                .environment = Json{{"hostname", "here"}, {"cpu", "Fake"}}};
    }

    static messages::TokenizeReply tokenize(const messages::Tokenize& request) {
        return {.bytes = std::ssize(request.text.value_or("")), .tokens = 3, .ids = {{1, 2, 3}}};
    }

    messages::InspectReply inspect(const messages::Inspect& request) const {
        if (request.checkpoint == "missing.gguf") throw hone::Error("missing.gguf: no such file");
        return {.name = "Fake model",
                .synthetic = settings_.synthetic,
                .supported = settings_.supported,
                .unsupported_reason = "rope scaling",
                .hash = "f00"};
    }

    messages::PredictReply predict(const Line& line) const {
        const std::string text = line.fields.get().dump();
        const auto has = [&text](const std::string& part) {
            return !part.empty() && text.find(part) != std::string::npos;
        };
        messages::PredictReply reply{
            .memory = {{"peak_resident", has(settings_.large) ? 4'000'000'000 : 1'000'000'000}},
            .times = {{{"decode_tokens_per_second", 10.0}}},
            .model_bytes = 7,
            .available = settings_.available};
        if (has(settings_.refuse)) reply.refusal = {"refused by the fake", {}, {}, {}, {}};
        return reply;
    }

    messages::PrepareReply prepare(const Line& line) {
        std::cerr << "preparing in " << ::getpid() << std::endl;
        say(line.id, messages::Progress{.phase = "load", .fraction = 0.5, .detail = "half"});
        prepared_ = read<messages::Prepare>(line);
        const hone::Workload& workload = prepared_.experiment.workload;
        candidate_ = !prepared_.experiment.recipe.steps.empty();
        steps_ = 0;
        messages::PrepareReply reply{.load_seconds = 0.25,
                                     .apply_seconds = 0.5,
                                     .model_bytes = candidate_ ? 500 : 1000,
                                     .memory = {{"weights", 900}},
                                     .notes = {"prepared by the fake"},
                                     .synthetic = settings_.synthetic,
                                     .threads = 2};
        if (workload.text != "none")
            reply.text = messages::ScoredTexts{.name = workload.text,
                                               .hash = "77",
                                               .tokens = 4096,
                                               .windows = static_cast<int>(workload.windows)};
        return reply;
    }

    double fault(const char* figure, double otherwise) const {
        const Json& fault = prepared_.fault.get();
        return fault.is_object() ? fault.value(figure, otherwise) : otherwise;
    }

    void step(const Line& line) {
        if (fault("at_step", -1) == steps_++)
            if (behave(prepared_.fault.get().at("behaviour"), line)) return;
        if (messages::asks_for<messages::Repetition>(line))
            reply(line, repetition(read<messages::Repetition>(line)));
        else if (messages::asks_for<messages::Accuracy>(line))
            reply(line, accuracy(read<messages::Accuracy>(line)));
        else if (messages::asks_for<messages::Trace>(line))
            fail(line, "events.trace: cannot write: No space left on device");
        else
            reply(line, generate(line, read<messages::Generate>(line)));
    }

    messages::RepetitionReply repetition(const messages::Repetition& request) const {
        const int index = request.index;
        // Within 1 % of each other, and not the same on both sides.
        const double noise = 1 + 0.004 * std::sin(7.0 * index + (candidate_ ? 1 : 0));
        const double share = fault("jitter", settings_.jitter);
        const double jitter = 1 + share * std::sin(2.4 * index * index + (candidate_ ? 2 : 0));
        const double drift = settings_.unsteady && request.warmup ? 1 + 0.2 * index : 1;
        const double speed = 100 * noise * jitter * drift * (1 - fault("slow_down", 0));
        messages::RepetitionReply reply{
            .metrics = {{"decode_tokens_per_second", speed},
                        {"prefill_tokens_per_second", 10 * speed},
                        {"total_seconds", 1 / speed},
                        {"time_to_first_token", 0.1 / speed}},
            .token_times = {{0.1, 0.2}},
            .memory = {{"weights", 900}, {"peak_resident", 100'000'000 + index}},
            .counters = {{"attended", 12}}};
        if (!settings_.idle.empty() && candidate_)
            reply.engaged[settings_.idle] = {.engaged = false, .counter = "reduced_kv_tokens"};
        return reply;
    }

    messages::AccuracyReply accuracy(const messages::Accuracy& request) const {
        const std::string mark = "window " + std::to_string(request.window);
        if (request.spool) std::ofstream(*request.spool) << mark;
        const auto window = static_cast<double>(request.window);
        messages::AccuracyReply reply{
            .sums = {{"nll_sum", kScored * (3 + 0.1 * window + (candidate_ ? 0.05 : 0))},
                     {"scored", kScored},
                     {"scored_bytes", 4 * kScored},
                     {"kl_sum", 0},
                     {"top1_agreeing", 0}}};
        if (!request.compare_spool) return reply;
        std::string found;
        std::getline(std::ifstream(*request.compare_spool) >> std::ws, found);
        if (found != mark) throw hone::Error("the spool holds '" + found + "', not " + mark);
        // Verifying an export compares two files that hold the same; anything else differs.
        const bool differs =
            candidate_ || prepared_.experiment.checkpoint.find(".out") != std::string::npos;
        reply.compared = true;
        reply.sums["kl_sum"] = kScored * (differs ? settings_.kl : 0);
        reply.sums["top1_agreeing"] = kScored - 5;
        return reply;
    }

    messages::GenerateReply generate(const Line& line, const messages::Generate& request) {
        int token = 0;
        for (const char* text : {"Once ", "upon ", "a time"}) {
            ++token;
            say(line.id, messages::Progress{.phase = "generate",
                                            .fraction = 0.5,
                                            .token = 10 + token,
                                            .text = text,
                                            .seconds = 0.25 * token});
        }
        return {.text = "Once upon a time", .tokens = request.max_tokens};
    }

    messages::ExportReply export_file(const messages::Export& request) {
        const Existing existing = request.overwrite ? Existing::replace : Existing::refuse;
        held_ = std::make_unique<ReplacingFile>(request.path, 8, existing);
        held_->write("exported", 8);
        messages::ExportReply reply{.model = {.path = request.path,
                                              .bytes = 8,
                                              .left_out = {"kv_cache"},
                                              .context_length = 512,
                                              .hash = "ab"}};
        if (request.hold) {
            reply.written = held_->temporary().string();
        } else {
            reply.kept = held_->commit().string();
            held_.reset();
        }
        return reply;
    }

    messages::SettleExportReply settle_export(const messages::SettleExport& request) {
        auto held = std::exchange(held_, {});
        const std::string kept = request.commit ? held->commit().string() : "";
        held.reset();  // gone before it is said to be
        return {.kept = kept};
    }

    Settings settings_;
    std::mutex writing_;
    std::atomic<bool> cancelled_ = false;
    messages::Prepare prepared_;
    std::unique_ptr<ReplacingFile> held_;
    bool candidate_ = false;
    int steps_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
    Settings settings;
    for (int i = 1; i < argc; ++i) {
        const std::string argument = argv[i];
        if (argument == "--on" && i + 2 < argc) {
            settings.behaviours[argv[i + 1]] = argv[i + 2];
            i += 2;
        } else if (argument == "--available" && i + 1 < argc) {
            settings.available = std::stoll(argv[++i]);
        } else if (argument == "--jitter" && i + 1 < argc) {
            settings.jitter = std::stod(argv[++i]);
        } else if (argument == "--idle" && i + 1 < argc) {
            settings.idle = argv[++i];
        } else if (argument == "--refuse" && i + 1 < argc) {
            settings.refuse = argv[++i];
        } else if (argument == "--large" && i + 1 < argc) {
            settings.large = argv[++i];
        } else if (argument == "--kl" && i + 1 < argc) {
            settings.kl = std::stod(argv[++i]);
        } else if (argument == "--synthetic") {
            settings.synthetic = true;
        } else if (argument == "--unsupported") {
            settings.supported = false;
        } else if (argument == "--unsteady") {
            settings.unsteady = true;
        }
    }
    return FakeWorker(std::move(settings)).serve();
}
