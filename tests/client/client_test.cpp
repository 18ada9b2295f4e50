// SPDX-License-Identifier: Apache-2.0
#include "tests/client/client_test.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace hone {

std::size_t open_descriptors() {
    const std::filesystem::directory_iterator entries("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

bool has_children() {
    siginfo_t info{};
    return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void ClientTest::SetUp() {
    // In memory where that is possible: every write to the store waits for the disk otherwise.
    const std::filesystem::path memory = "/dev/shm";
    const bool usable = ::access(memory.c_str(), W_OK) == 0;
    std::string pattern =
        ((usable ? memory : std::filesystem::temp_directory_path()) / "hone-client-XXXXXX")
            .string();
    folder_ = ::mkdtemp(pattern.data());
    const char* old = ::getenv("TMPDIR");
    old_tmpdir_ = old == nullptr ? "" : old;
    std::filesystem::create_directory(folder_ / "tmp");
    ::setenv("TMPDIR", (folder_ / "tmp").c_str(), 1);
    ::setenv("XDG_CACHE_HOME", (folder_ / "cache").c_str(), 1);
    store_.emplace(folder_ / "runs.sqlite");
    descriptors_ = open_descriptors();
    observer_.progress = [this](const LiveProgress& p) { progress_.push_back(p); };
    observer_.sample = [this](const LiveSample& s) { samples_.push_back(s); };
    observer_.accuracy = [this](const LiveAccuracy& a) { accuracy_.push_back(a); };
    observer_.log = [this](std::string_view line) { log_.emplace_back(line); };
    observer_.run_started = [this](Side side, std::int64_t run) {
        started_.emplace_back(side, run);
    };
    observer_.token = [this](const LiveToken& token) {
        text_ += token.text;
        tokens_.push_back(token);
    };
}

void ClientTest::TearDown() {
    EXPECT_FALSE(has_children()) << "a worker outlived its job, or was not reaped";
    // SQLite opens its journal with the first write and keeps it.
    EXPECT_LE(open_descriptors(), descriptors_ + 1) << "descriptors leaked";
    EXPECT_TRUE(std::filesystem::is_empty(folder_ / "tmp")) << "spool files were left";
    for (const profiler::RunRecord& run : store().list())
        EXPECT_NE(run.status, "running") << run.id;
    store_.reset();
    if (old_tmpdir_.empty())
        ::unsetenv("TMPDIR");
    else
        ::setenv("TMPDIR", old_tmpdir_.c_str(), 1);
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

WorkerLaunch ClientTest::fake(std::vector<std::string> arguments) {
    WorkerLaunch launch;
    launch.program = HONE_FAKE_WORKER;
    launch.arguments = std::move(arguments);
    launch.hang_limit_seconds = 10;
    return launch;
}

Recipe ClientTest::some_recipe() {
    return Recipe{{{"kv_cache", {{"dtype", "int8"}}}}};
}

MeasureRequest ClientTest::request(bool with_recipe) {
    MeasureRequest request;
    request.experiment.checkpoint = "fake.gguf";
    if (with_recipe) request.experiment.recipe = some_recipe();
    request.experiment.workload.repetitions = 5;
    request.experiment.workload.windows = 4;
    return request;
}

std::size_t ClientTest::samples(std::int64_t run, const std::string& kind) {
    const std::vector<profiler::Sample> all = store().samples(run);
    return static_cast<std::size_t>(
        std::count_if(all.begin(), all.end(),
                      [&](const profiler::Sample& sample) { return sample.kind == kind; }));
}

}  // namespace hone
