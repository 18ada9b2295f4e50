// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <thread>

#include "engine/experiment/client/ask.h"
#include "tests/client/client_test.h"

namespace hone {
namespace {

using testing::Contains;
using testing::HasSubstr;
using Clock = std::chrono::steady_clock;

// Steps of the candidate's worker: 0–2 warm-up, 3–7 repetitions, 8–11 windows.
constexpr int kInWarmup = 1, kInRepetitions = 5, kInAccuracy = 9;

class Failures : public ClientTest {
protected:
    static MeasureRequest faulty(int step, const std::string& behaviour) {
        MeasureRequest bad = request();
        bad.fault = {{"at_step", step}, {"behaviour", behaviour}};
        return bad;
    }

    // Measures with the fault and checks what every failure owes: a stored reason, the samples, a
    // baseline that is closed, and that the next job succeeds.
    MeasureResult fails(const MeasureRequest& bad, const std::string& reason,
                        const WorkerLaunch& launch = fake()) {
        const MeasureResult result = measure(bad, launch);
        EXPECT_EQ(result.status, "failed");
        EXPECT_THAT(result.error.value_or(ErrorDetails{"no error", "", "", "", ""}).message,
                    HasSubstr(reason));
        EXPECT_TRUE(result.comparisons.empty());
        EXPECT_EQ(result.runs.size(), 2u);
        if (result.runs.size() == 2) {
            EXPECT_EQ(load(result.runs[0]).status, "cancelled");
            EXPECT_THAT(load(result.runs[0]).reason, HasSubstr("other side"));
            EXPECT_EQ(load(result.runs[1]).status, "failed");
            EXPECT_THAT(load(result.runs[1]).reason, HasSubstr(reason));
        }
        EXPECT_FALSE(has_children());
        EXPECT_EQ(measure(request()).status, "done") << "the next job must succeed";
        return result;
    }
};

TEST_F(Failures, InTheWarmUpKeepsWhatWasMeasured) {
    const MeasureResult result = fails(faulty(kInWarmup, "SIGKILL"), "killed by SIGKILL");
    EXPECT_EQ(samples(result.runs[0], "warmup"), 2u);
    EXPECT_EQ(samples(result.runs[1], "warmup"), 1u);
}

TEST_F(Failures, InTheRepetitionsKeepsWhatWasMeasured) {
    const MeasureResult result = fails(faulty(kInRepetitions, "SIGSEGV"), "killed by SIGSEGV");
    EXPECT_EQ(samples(result.runs[1], "repetition"), 2u);
    EXPECT_EQ(load(result.runs[1]).metrics.at("decode_tokens_per_second").n, 2);
    EXPECT_EQ(load(result.runs[1]).memory.at("weights"), 900);
}

TEST_F(Failures, InTheAccuracyKeepsWhatWasMeasured) {
    const MeasureResult result = fails(faulty(kInAccuracy, "SIGABRT"), "killed by SIGABRT");
    EXPECT_EQ(samples(result.runs[1], "accuracy"), 1u);
    EXPECT_EQ(samples(result.runs[0], "accuracy"), 2u);
    EXPECT_EQ(load(result.runs[1]).metrics.at("decode_tokens_per_second").n, 5);
    EXPECT_EQ(load(result.runs[1]).metrics.at("perplexity").n, 1);
}

TEST_F(Failures, OfAWorkerThatExitsKeepsItsLastWords) {
    fails(faulty(kInRepetitions, "exit"), "out of cheese");
    EXPECT_THAT(log_, Contains("first complaint"));
}

TEST_F(Failures, OfAWorkerThatHangsEndIt) {
    WorkerLaunch launch = fake();
    launch.hang_limit_seconds = 0.5;
    const auto start = Clock::now();
    fails(faulty(kInRepetitions, "SIGSTOP"), "no sign of life", launch);
    EXPECT_LT(seconds_since(start), 5);
}

TEST_F(Failures, OfAWorkerThatTalksNonsenseEndIt) {
    fails(faulty(kInRepetitions, "garbage"), "not the protocol");
    fails(faulty(kInWarmup, "half a line"), "status 0");
}

TEST_F(Failures, OfARepliesFieldsAreFailuresOfTheRun) {
    fails(faulty(kInRepetitions, "wrong fields"), "");
    fails(faulty(kInAccuracy, "wrong fields"), "");
}

TEST_F(Failures, ThatAWorkerReportsKeepItsWords) {
    const MeasureResult result =
        fails(faulty(kInRepetitions, "out of memory"), "out of memory: 9 GB");
    EXPECT_EQ(result.error->file, "model.gguf");
    const MeasureResult other = fails(faulty(kInRepetitions, "error"), "expected GGUF");
    EXPECT_EQ(other.error->found, "PK");
}

TEST_F(Failures, WhilePreparingCloseBothRuns) {
    const MeasureResult result = measure(request(), fake({"--on", "prepare", "SIGKILL"}));
    EXPECT_EQ(result.status, "failed");
    EXPECT_EQ(load(result.runs[0]).status, "failed");
    EXPECT_EQ(load(result.runs[1]).status, "cancelled");
    const MeasureResult nonsense = measure(request(), fake({"--on", "prepare", "wrong fields"}));
    EXPECT_EQ(nonsense.status, "failed");
}

TEST_F(Failures, BeforeARunBeganAreErrors) {
    EXPECT_THROW(measure(request(), fake({"--on", "inspect", "SIGKILL"})), Error);
    EXPECT_THROW(measure(request(), fake({"--on", "predict", "exit"})), Error);
    EXPECT_TRUE(store().list().empty());
}

TEST_F(Failures, ByCancellingCloseBothRunsAtOnce) {
    for (const char* behaviour : {"slow", "deaf"}) {
        std::stop_source source;
        std::thread later([&] {
            std::this_thread::sleep_for(std::chrono::milliseconds(700));
            source.request_stop();
        });
        const auto start = Clock::now();
        const MeasureResult result =
            measure(faulty(kInRepetitions, behaviour), fake(), source.get_token());
        later.join();
        EXPECT_LT(seconds_since(start), 5) << behaviour;
        EXPECT_EQ(result.status, "cancelled");
        EXPECT_FALSE(result.error);
        ASSERT_EQ(result.runs.size(), 2u);
        for (const std::int64_t run : result.runs) {
            EXPECT_EQ(load(run).status, "cancelled");
            EXPECT_FALSE(load(run).reason.empty());
            EXPECT_GE(samples(run, "repetition"), 2u);
        }
        EXPECT_FALSE(has_children());
        EXPECT_EQ(measure(request()).status, "done");
    }
}

TEST_F(Failures, ByCancellingFromAnObserver) {
    std::stop_source source;
    observer_.sample = [&](const LiveSample& sample) {
        if (!sample.warmup && sample.index == 2) source.request_stop();
    };
    const MeasureResult result = measure(request(), fake(), source.get_token());
    EXPECT_EQ(result.status, "cancelled");
    EXPECT_EQ(samples(result.runs[0], "repetition"), 3u);
}

pid_t prepared_pid(const std::string& line) {
    const std::string_view mark = "preparing in ";
    const std::size_t at = line.find(mark);
    pid_t pid = 0;
    if (at != std::string::npos)
        std::from_chars(line.data() + at + mark.size(), line.data() + line.size(), pid);
    return pid;
}

bool gone(pid_t pid) {
    return ::kill(pid, 0) != 0 && errno == ESRCH;
}

// The workers see the end of their input only if neither holds the other's channel open.
TEST_F(Failures, OfTheClientItselfLeaveNoWorkerBehind) {
    int channel[2];
    ASSERT_EQ(::pipe(channel), 0);
    const pid_t client = ::fork();
    if (client == 0) {
        profiler::Store own(folder_ / "runs.sqlite");
        Observer watch;
        watch.log = [&](std::string_view line) {
            const pid_t pid = prepared_pid(std::string(line));
            if (pid > 0 && ::write(channel[1], &pid, sizeof pid) != sizeof pid) ::_exit(2);
        };
        hone::measure(faulty(kInRepetitions, "slow"), own, fake(), watch, {});
        ::_exit(1);
    }
    ::close(channel[1]);
    pid_t workers[2]{};
    for (pid_t& worker : workers)
        ASSERT_EQ(::read(channel[0], &worker, sizeof worker), static_cast<ssize_t>(sizeof worker));
    ::close(channel[0]);
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    ::kill(client, SIGKILL);
    int status = 0;
    ::waitpid(client, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status));
    const auto start = Clock::now();
    while (!(gone(workers[0]) && gone(workers[1])) && seconds_since(start) < 5)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    EXPECT_TRUE(gone(workers[0])) << "the baseline's worker lives on";
    EXPECT_TRUE(gone(workers[1])) << "the candidate's worker lives on";
    EXPECT_EQ(store().close_interrupted_runs(), 2);
    EXPECT_EQ(measure(request()).status, "done");
    // What a killed client cannot clean up itself.
    for (const auto& entry : std::filesystem::directory_iterator(folder_ / "tmp"))
        std::filesystem::remove_all(entry);
}

TEST_F(Failures, RepeatedManyTimesLeakNothing) {
    for (int i = 0; i < 20; ++i) {
        const char* behaviour = i % 2 == 0 ? "SIGKILL" : "garbage";
        EXPECT_THROW(ask(messages::Inspect{"fake.gguf"}, fake({"--on", "inspect", behaviour})),
                     Error);
    }
}

}  // namespace
}  // namespace hone
