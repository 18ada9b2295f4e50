// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "engine/experiment/client/ask.h"
#include "tests/client/client_test.h"
#include "tests/paths/paths.h"

namespace hone {
namespace {

using testing::Contains;
using testing::HasSubstr;
using Clock = std::chrono::steady_clock;

// `hone worker` itself on random weights: what the fake one is believed to behave like.
class RealWorker : public ClientTest {
protected:
    static WorkerLaunch worker(bool faults = true) {
        WorkerLaunch launch;
        launch.program = test::program();
        launch.arguments = {"worker"};
        if (faults) launch.arguments.emplace_back("--allow-faults");
        launch.hang_limit_seconds = 20;
        return launch;
    }
    static MeasureRequest tiny(const char* setting = nullptr) {
        MeasureRequest request;
        request.experiment.checkpoint = "synthetic:tiny";
        if (setting != nullptr) add_setting(request.experiment.recipe, setting, builtin_registry());
        Workload& workload = request.experiment.workload;
        workload.prompt_tokens = 16;
        workload.generated_tokens = 8;
        workload.context = 64;
        workload.windows = 2;
        workload.resolution = 0;  // exactly the repetitions that are asked for
        request.experiment.target.threads = 1;
        return request;
    }

    void fails(const nlohmann::json& fault, const std::string& reason, double hang_limit = 20) {
        MeasureRequest bad = tiny();
        bad.fault = fault;
        WorkerLaunch launch = worker();
        launch.hang_limit_seconds = hang_limit;
        const MeasureResult result = measure(bad, launch);
        EXPECT_EQ(result.status, "failed") << fault;
        ASSERT_EQ(result.runs.size(), 2u);
        EXPECT_EQ(load(result.runs[0]).status, "cancelled");
        EXPECT_EQ(load(result.runs[1]).status, "failed");
        EXPECT_THAT(load(result.runs[1]).reason, HasSubstr(reason));
        EXPECT_EQ(samples(result.runs[1], "warmup") + samples(result.runs[1], "repetition"), 4u)
            << fault;
        EXPECT_FALSE(has_children());
        EXPECT_EQ(measure(tiny(), worker()).status, "done") << "the next job must succeed";
    }
};

TEST_F(RealWorker, AModelAgainstItselfHasTheSameAccuracyToTheBit) {
    const MeasureResult result = measure(tiny(), worker(false));
    ASSERT_EQ(result.status, "done");
    const profiler::RunRecord baseline = load(result.runs[0]), same = load(result.runs[1]);
    EXPECT_EQ(samples(baseline.id, "repetition"), 5u);
    EXPECT_EQ(samples(baseline.id, "accuracy"), 2u);
    EXPECT_EQ(same.metrics.at("perplexity").value, baseline.metrics.at("perplexity").value);
    EXPECT_NEAR(same.metrics.at("kl_divergence").value, 0, 1e-9);
    EXPECT_EQ(same.metrics.at("top1_agreement").value, 1);
    EXPECT_EQ(same.metrics.at("model_bytes").value, baseline.metrics.at("model_bytes").value);
    EXPECT_GT(baseline.metrics.at("decode_tokens_per_second").value, 0);
    EXPECT_GT(baseline.memory.at("peak_resident"), baseline.memory.at("weights"));
    EXPECT_THAT(baseline.notes_from_run, Contains(HasSubstr("random weights")));
    EXPECT_EQ(baseline.what.target.at("threads"), 1);
    EXPECT_FALSE(baseline.what.workload.at("text_hash").get<std::string>().empty());
    for (const profiler::ComparedMetric& metric : result.comparisons.front().metrics) {
        EXPECT_TRUE(metric.refusal.empty()) << metric.id << ": " << metric.refusal;
        if (metric.id == "perplexity" || metric.id == "model_bytes" || metric.id == "peak_memory") {
            EXPECT_EQ(metric.verdict, "cannot tell") << metric.id;
        }
    }
}

TEST_F(RealWorker, ATraceIsRecordedApartFromWhatIsTimed) {
    MeasureRequest request = tiny();
    request.trace = true;
    const MeasureResult result = measure(request, worker(false));
    ASSERT_EQ(result.status, "done");
    for (const std::int64_t run : result.runs) {
        EXPECT_EQ(samples(run, "repetition"), 5u);
        EXPECT_GT(load(run).trace_events, 8 * 16);
        EXPECT_EQ(load(run).trace_dropped, 0);
        for (const auto& [id, metric] : load(run).metrics)
            EXPECT_FALSE(id.starts_with("traced")) << id;
    }
    EXPECT_EQ(load(measure(tiny(), worker(false)).runs[0]).trace_events, 0);
}

TEST_F(RealWorker, ARecipeDiverges) {
    const MeasureResult result = measure(tiny("kv_cache.dtype=int8"), worker(false));
    ASSERT_EQ(result.status, "done");
    EXPECT_GT(load(result.runs[1]).metrics.at("kl_divergence").value, 0);
    EXPECT_LT(load(result.runs[1]).memory.at("kv_cache"),
              load(result.runs[0]).memory.at("kv_cache"));
}

TEST_F(RealWorker, KilledLeavesAFailedRun) {
    fails({{"signal", "SIGKILL"}, {"at_step", 4}}, "SIGKILL");
}

TEST_F(RealWorker, CrashedLeavesAFailedRun) {
    fails({{"signal", "SIGSEGV"}, {"at_step", 4}}, "SIGSEGV");
}

TEST_F(RealWorker, OutOfMemoryLeavesAFailedRun) {
    fails({{"out_of_memory_at_step", 4}}, "memory");
}

TEST_F(RealWorker, HungLeavesAFailedRun) {
    fails({{"hang_at_step", 4}}, "no sign of life for 2 s and was ended: a signal had stopped it",
          2);
}

// The heartbeat is the work's own: a thread that beats beside it would hide this for ever.
TEST_F(RealWorker, StalledInItsWorkLeavesAFailedRun) {
    fails({{"stall_at_step", 4}}, "no sign of life for 2 s and was ended: its work stood still", 2);
}

TEST_F(RealWorker, IsToldWithinFiveSecondsByDefault) {
    WorkerLaunch launch = worker();
    launch.hang_limit_seconds = WorkerLaunch().hang_limit_seconds;
    for (const char* fault : {"hang_at_step", "stall_at_step"}) {
        MeasureRequest bad = tiny();
        bad.fault = {{fault, 0}};
        const auto start = Clock::now();
        EXPECT_EQ(measure(bad, launch).status, "failed");
        EXPECT_LT(seconds_since(start), 10) << "5 s, and what starting two workers takes";
    }
}

TEST_F(RealWorker, CancelledInTheMiddleOfAStepEndsAtOnce) {
    MeasureRequest longest = tiny();
    longest.experiment.workload.prompt_tokens = 2000;
    longest.experiment.workload.generated_tokens = 2000;
    longest.experiment.workload.repetitions = 1000;
    std::stop_source source;
    std::thread later([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(1500));
        source.request_stop();
    });
    const auto start = Clock::now();
    const MeasureResult result = measure(longest, worker(), source.get_token());
    later.join();
    EXPECT_LT(seconds_since(start), 6);
    EXPECT_EQ(result.status, "cancelled");
    for (const std::int64_t run : result.runs) EXPECT_EQ(load(run).status, "cancelled");
    EXPECT_FALSE(has_children());
    EXPECT_EQ(measure(tiny(), worker()).status, "done");
}

TEST_F(RealWorker, RefusesFaultsThatNobodyAllowed) {
    MeasureRequest bad = tiny();
    bad.fault = {{"signal", "SIGKILL"}, {"at_step", 0}};
    const MeasureResult result = measure(bad, worker(false));
    EXPECT_EQ(result.status, "failed");
    EXPECT_THAT(load(result.runs[1]).reason, testing::Not(HasSubstr("killed")));
}

std::vector<pid_t> children_of(pid_t pid) {
    const std::string name =
        "/proc/" + std::to_string(pid) + "/task/" + std::to_string(pid) + "/children";
    std::ifstream file(name);
    std::vector<pid_t> children;
    for (pid_t child = 0; file >> child;) children.push_back(child);
    return children;
}

TEST_F(RealWorker, EndsWithItsClient) {
    const pid_t client = ::fork();
    if (client == 0) {
        MeasureRequest longest = tiny();
        longest.experiment.workload.generated_tokens = 2000;
        longest.experiment.workload.repetitions = 1000;
        profiler::Store own(folder_ / "runs.sqlite");
        hone::measure(longest, own, worker(), {}, {});
        ::_exit(1);
    }
    std::vector<pid_t> workers;
    const auto start = Clock::now();
    while ((workers = children_of(client)).size() < 2 && seconds_since(start) < 20)
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    ASSERT_EQ(workers.size(), 2u);
    std::this_thread::sleep_for(std::chrono::seconds(1));
    ::kill(client, SIGKILL);
    ::waitpid(client, nullptr, 0);
    const auto killed = Clock::now();
    const auto gone = [](pid_t pid) { return ::kill(pid, 0) != 0 && errno == ESRCH; };
    while (!(gone(workers[0]) && gone(workers[1])) && seconds_since(killed) < 5)
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    EXPECT_TRUE(gone(workers[0]) && gone(workers[1]));
    store().close_interrupted_runs();
    for (const auto& entry : std::filesystem::directory_iterator(folder_ / "tmp"))
        std::filesystem::remove_all(entry);
}

TEST_F(RealWorker, ExportsWhatItMeasured) {
    ExportRequest request;
    request.checkpoint = "synthetic:tiny";
    add_setting(request.recipe, "quantize_weights.scheme=int8_channel", builtin_registry());
    add_setting(request.recipe, "kv_cache.dtype=int8", builtin_registry());
    request.target.threads = 1;
    request.path = folder_ / "tiny.gguf";
    request.verify = true;
    const messages::ExportResult result = export_checkpoint(request, worker(false), observer_, {});
    EXPECT_EQ(result.model.left_out, std::vector<std::string>{"kv_cache"});
    ASSERT_TRUE(result.verify);
    EXPECT_TRUE(result.verify->passed) << result.verify->kl_divergence;
    EXPECT_EQ(ask(messages::Inspect{request.path.string()}, worker(false)).supported, true);
}

}  // namespace
}  // namespace hone
