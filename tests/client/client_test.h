// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

#include "engine/experiment/client/client.h"

namespace hone {

// Tests of the client with the fake worker: a store and a temporary folder of its own, and the
// promise that no process, descriptor or spool file is left when a test ends.
class ClientTest : public testing::Test {
protected:
    void SetUp() override;
    void TearDown() override;

    profiler::Store& store() { return *store_; }
    // `arguments` of the fake worker.
    static WorkerLaunch fake(std::vector<std::string> arguments = {});
    static MeasureRequest request(bool with_recipe = true);
    static Recipe some_recipe();

    MeasureResult measure(const MeasureRequest& request, const WorkerLaunch& launch = fake(),
                          std::stop_token stop = {}) {
        return hone::measure(request, store(), launch, observer_, stop);
    }
    profiler::RunRecord load(std::int64_t run) { return store().load(run).value(); }
    std::size_t samples(std::int64_t run, const std::string& kind);

    // What was observed.
    Observer observer_;
    std::vector<LiveProgress> progress_;
    std::vector<LiveSample> samples_;
    std::vector<LiveAccuracy> accuracy_;
    std::vector<std::string> log_;
    std::vector<std::pair<Side, std::int64_t>> started_;
    std::string text_;
    std::vector<LiveToken> tokens_;

    std::filesystem::path folder_;

private:
    std::optional<profiler::Store> store_;
    std::string old_tmpdir_;
    std::size_t descriptors_ = 0;
};

std::size_t open_descriptors();
// Whether this process has any child, ended or not.
bool has_children();
double seconds_since(std::chrono::steady_clock::time_point start);

}  // namespace hone
