// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/scripted_worker.h"

#include <poll.h>
#include <unistd.h>

#include <QLocale>
#include <QTemporaryDir>
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <thread>

#include "engine/experiment/protocol/envelope.h"
#include "engine/experiment/protocol/messages/list.h"
#include "tests/ui/invented_trace.h"

namespace hone::ui::test {

namespace {

using nlohmann::json;
using namespace std::chrono_literals;

// Workers come and go; the folder of the test that started them stays.
std::filesystem::path calibrationFile() {
    const char* cache = std::getenv("XDG_CACHE_HOME");
    return std::filesystem::path(cache == nullptr ? "/nowhere" : cache) / "calibrated";
}

QTemporaryDir& scratch() {
    static QTemporaryDir folder;
    return folder;
}

std::vector<messages::TensorFacts> tensors() {
    std::vector<messages::TensorFacts> all;
    const auto add = [&](const std::string& name, const char* type, std::int64_t rows,
                         std::int64_t cols, int bytes) {
        const bool layered = name.starts_with("blk.");
        all.push_back({.name = name,
                       .role = name == "token_embd.weight" ? "token_embd" : "other",
                       .layer = layered ? name[4] - '0' : -1,
                       .part = layered ? name.substr(6) : name,
                       .type = type,
                       .shape = {rows, cols},
                       .elements = rows * cols,
                       .bytes = rows * cols * bytes});
    };
    add("token_embd.weight", "BF16", 100, 16, 2);
    for (int block = 0; block < 2; ++block)
        add("blk." + std::to_string(block) + ".attn_q.weight", "BF16", 16, 16, 2);
    add("output_norm.weight", "F32", 1, 16, 4);
    return all;
}

struct Failure {
    std::string message;
};

messages::DevicesReply devices(ScriptedDevices which, bool open) {
    if (which == ScriptedDevices::none)
        return {.problem = "the driver is too old: it runs CUDA 12.2"};
    const bool whole = which == ScriptedDevices::one;
    messages::CudaDevice device{.id = "cuda:0",
                                .name = "Test GPU",
                                .compute_capability = "9.0",
                                .multiprocessors = 132,
                                .memory = 8'000'000'000,
                                .driver = "13.1",
                                .runtime = "13.0",
                                .mig = !whole};
    if (!open) return {.devices = {device}};
    device.memory_free = 7'500'000'000;
    device.tracing =
        messages::CudaTracing{.source = whole ? "CUPTI 13.0.1" : "CUDA events", .kernels = whole};
    if (!whole) (*device.tracing)->problem = "another tool holds CUPTI";
    device.problem.emplace();
    messages::DeviceLibrary nccl;
    if (whole)
        nccl.version = "2.28.9";
    else
        nccl.problem = "it cannot be loaded";
    return {.devices = {device}, .nccl = nccl};
}

ScriptedDevices devicesOfThisWorker = ScriptedDevices::one;

class ScriptedWorker {
public:
    void run() {
        std::string line;
        while (nextLine(line)) reply(messages::parse_line(line).value());
    }

private:
    bool nextLine(std::string& line) {
        for (;;) {
            const auto end = input_.find('\n');
            if (end != std::string::npos) {
                line = input_.substr(0, end);
                input_.erase(0, end + 1);
                return true;
            }
            char buffer[4096];
            const ssize_t got = read(STDIN_FILENO, buffer, sizeof buffer);
            if (got <= 0) return false;
            input_.append(buffer, static_cast<std::size_t>(got));
        }
    }

    // Waits as work does: false once a cancel or the end of input came.
    static bool work(std::chrono::milliseconds duration) {
        pollfd in{STDIN_FILENO, POLLIN, 0};
        return poll(&in, 1, static_cast<int>(duration.count())) == 0;
    }

    static void write(const std::string& line) { std::cout << line << std::flush; }

    void reply(const messages::Line& line) {
        try {
            bool known = false;
            messages::AnsweredRequests::each([&]<class Request>() {
                if (!messages::asks_for<Request>(line)) return;
                known = true;
                id_ = line.id.value();
                write(
                    messages::result_line(id_, answer(messages::read<Request>(line.fields.get()))));
            });
            if (!known) write(messages::result_line(line.id.value(), messages::Done()));
        } catch (const Failure& failure) {
            write(messages::event_line(
                line.id, messages::Failure{.error = {failure.message, {}, {}, {}, {}},
                                           .cancelled = failure.message == "cancelled"}));
        }
    }

    // What no test asks for has an empty answer.
    template <class Request>
    typename Request::Reply answer(const Request&) {
        return {};
    }

    messages::HelloReply answer(const messages::Hello&) {
        return {.synthetic_shapes = {"tiny"},
                .environment = json{{"cpu", "Test CPU"},
                                    {"isa", "AVX2"},
                                    {"cpu_features", "AVX2"},
                                    {"physical_cores", 2},
                                    {"logical_cores", 4},
                                    {"memory_total", 8e9},
                                    {"memory_available", 6e9},
                                    {"os", "Test OS"}}};
    }

    messages::DevicesReply answer(const messages::Devices& request) {
        return devices(devicesOfThisWorker, request.open);
    }

    messages::PredictReply answer(const messages::Predict& request) {
        // A kilobyte more for each token beyond those of the usual workload.
        const Workload& workload = request.experiment.workload;
        const auto tokens = [](const Workload& of) {
            return (of.prompt_tokens + of.generated_tokens) * of.concurrency;
        };
        const std::int64_t more = 1000 * (tokens(workload) - tokens(Workload()));
        messages::PredictReply reply{.memory = {{"peak_resident", 4'000'000 + more}},
                                     .model_bytes = 4000,
                                     .file_bytes = 4400,
                                     .available = 6'000'000'000,
                                     .needed = 5'000'000};
        for (const RecipeStep& step : request.experiment.recipe.steps)
            if (step.options.value("scheme", "") == "q4_0") reply.model_bytes = 2000;
        // Places other than the CPU follow no calibration.
        const bool follows = request.experiment.target.device == Target().device;
        if (follows && std::filesystem::exists(calibrationFile()))
            reply.times = {{"decode_tokens_per_second", 12.5}};
        reply.wants_calibration = follows && !reply.times;
        if (request.experiment.checkpoint.ends_with("huge.gguf")) {
            reply.needed = 7'000'000'000;  // more than its peak tells
            reply.fits = false;
            reply.shortage.emplace();
            reply.shortage->summary = "This needs 7 GB of memory, and 6 GB are available.";
            reply.shortage->action = "Choose a smaller model.";
        }
        // A model whose context is too short for any workload.
        if (request.experiment.checkpoint.ends_with("short.gguf")) {
            reply.refusal.emplace();
            reply.refusal->summary = "The context is too short.";
            reply.refusal->action = "Ask for less.";
        }
        return reply;
    }

    messages::CalibrateReply answer(const messages::Calibrate&) {
        std::ofstream(calibrationFile()) << "done";
        return {.measured = true};
    }

    messages::SupportsReply answer(const messages::Supports&) {
        return {.techniques = {{"unsupported", {.reason = "needs a quantum computer"}}}};
    }

    messages::TensorStatsReply answer(const messages::TensorStats&) {
        return {.count = 256,
                .zeros = 1,
                .nans = 2,
                .min = -1,
                .max = 1,
                .mean = 0.125,
                .std = 0.5,
                .absmax = 1,
                .histogram = {.low = -1, .high = 1, .counts = {1, 4, 1}}};
    }

    messages::InspectReply answer(const messages::Inspect& request) {
        const std::string& checkpoint = request.checkpoint;
        if (checkpoint.find("missing") != std::string::npos)
            throw Failure{checkpoint + ": no such file"};
        return {.name = checkpoint,
                .source = checkpoint,
                .architecture = "llama",
                .parameters = 2128,
                .bytes = 4288,
                .types = {{"BF16", 4224}, {"F32", 64}},
                .context_length = 2048,
                .config = messages::ModelShape{.n_layers = 2},
                .kv_bytes_per_token = 256,
                .chat_template = "none",
                .hash = "0",
                .tensors = tensors()};
    }

    messages::PrepareReply answer(const messages::Prepare& request) {
        checkpoint_ = request.experiment.checkpoint;
        faster_ = !request.experiment.recipe.steps.empty();
        messages::PrepareReply reply{.load_seconds = 0.01,
                                     .model_bytes = 4288,
                                     .types = {{"BF16", 4288}},
                                     .memory = {{"weights", 4288}},
                                     .threads = 2};
        if (request.experiment.workload.text != "none")
            reply.text =
                messages::ScoredTexts{.name = "bundled", .hash = "1", .tokens = 1024, .windows = 3};
        return reply;
    }

    messages::RepetitionReply answer(const messages::Repetition& request) {
        if (checkpoint_.find("fails") != std::string::npos)
            throw Failure{"out of memory in layer 1"};
        const bool slow = checkpoint_.find("slow") != std::string::npos;
        std::cerr << "one repetition" << std::endl;
        if (!work(slow ? 200ms : 5ms)) throw Failure{"cancelled"};
        // A recipe doubles the speed, and varies a little, so that there is an interval.
        const double decode = faster_ ? 200.0 + request.index % 3 : 100.0;
        return {.metrics = {{"prefill_tokens_per_second", 1000.0},
                            {"decode_tokens_per_second", decode},
                            {"time_to_first_token", 0.1},
                            {"time_per_output_token", 0.01},
                            {"total_seconds", 0.5},
                            {"total_tokens_per_second", 200.0}},
                .token_times = {{0.01, 0.01}},
                .memory = {{"weights", 4288}, {"peak_resident", 1000000}},
                .engaged = {{"quantize_weights",
                             {.engaged = true, .counter = "converted_products", .value = 420}}}};
    }

    messages::TraceReply answer(const messages::Trace& request) {
        const profiler::Trace recorded = testing::inventedTrace(45);
        profiler::write_spool(recorded, request.spool);
        return {.events = std::ssize(recorded.events),
                .traced_prefill_seconds = 0.1,
                .traced_decode_seconds = 0.1,
                .traced_decoded_tokens = 2};
    }

    messages::AccuracyReply answer(const messages::Accuracy& request) {
        const bool compared = request.compare_spool.has_value();
        return {.compared = compared,
                .sums = {{"nll_sum", 256.0 + (faster_ ? 1 : 0)},
                         {"scored", 256},
                         {"scored_bytes", 1024},
                         {"kl_sum", compared && faster_ ? 0.5 : 0.0},
                         {"top1_agreeing", compared && faster_ ? 250 : 256}}};
    }

    // Writes the request as the file, so that a test can see what was asked for.
    messages::ExportReply answer(const messages::Export& request) {
        if (request.checkpoint.find("slow") != std::string::npos && !work(20s))
            throw Failure{"cancelled"};
        if (request.checkpoint.find("full") != std::string::npos)
            throw Failure{request.path +
                          ": cannot be written: no space; nothing was changed there"};
        std::ofstream(request.path) << messages::write(request).dump();
        return {.model = {.path = request.path,
                          .bytes = 4400,
                          .types = {{"Q8_0", 4400}},
                          .left_out = {"kv_cache"},
                          .context_length = 2048,
                          .hash = "2"},
                .written = request.path};
    }

    // A recipe answers twice as fast, and with another token in every tenth place.
    messages::GenerateReply answer(const messages::Generate& request) {
        if (checkpoint_.find("fails") != std::string::npos)
            throw Failure{"out of memory in layer 1"};
        const bool slow = checkpoint_.find("slow") != std::string::npos;
        const auto tokens = static_cast<int>(std::min<std::int64_t>(100, request.max_tokens));
        std::string text;
        for (int token = 0; token < tokens; ++token) {
            if (!work(slow ? 200ms : 10ms)) throw Failure{"cancelled"};
            const bool other = faster_ && token % 10 == 5;
            text += other ? 'b' : 'a';
            write(messages::event_line(
                id_, messages::Progress{.phase = "generate",
                                        .fraction = token / 100.0,
                                        .token = other ? 1000 + token : token,
                                        .text = other ? "b" : "a",
                                        .seconds = 0.5 + token * (faster_ ? 0.005 : 0.01)}));
        }
        return {.text = text, .prompt_tokens = 7, .tokens = tokens};
    }

    std::string input_;
    std::int64_t id_ = 0;  // of the request that is answered
    std::string checkpoint_;
    bool faster_ = false;
};

}  // namespace

bool isScriptedWorker(int argc, char** argv) {
    if (argc < 3 || std::strcmp(argv[1], "scripted-worker") != 0) return false;
    devicesOfThisWorker = static_cast<ScriptedDevices>(std::atoi(argv[2]));
    return true;
}

void runScriptedWorker() {
    ScriptedWorker().run();
}

WorkerLaunch scriptedLaunch(ScriptedDevices devices) {
    WorkerLaunch launch;
    launch.program = std::filesystem::read_symlink("/proc/self/exe");
    launch.arguments = {"scripted-worker", std::to_string(static_cast<int>(devices))};
    return launch;
}

void useScratchSettings() {
    const QByteArray folder = scratch().path().toUtf8();
    for (const char* variable : {"HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"})
        qputenv(variable, folder);
    qunsetenv("HF_HOME");
    // Without an address Qt looks for a bus, or starts one, and waits for its answers.
    qputenv("DBUS_SESSION_BUS_ADDRESS", "disabled:");
    QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedKingdom));
}

std::filesystem::path scratchFile(const char* name) {
    return std::filesystem::path(scratch().path().toStdString()) / name;
}

}  // namespace hone::ui::test
