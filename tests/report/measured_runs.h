// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>

#include "profiler/report/comparison.h"

namespace hone::profiler {

// A store in a folder of its own, filled with runs whose figures are known.
class MeasuredRuns {
public:
    MeasuredRuns();
    ~MeasuredRuns();
    MeasuredRuns(const MeasuredRuns&) = delete;
    MeasuredRuns& operator=(const MeasuredRuns&) = delete;

    Store& store() { return *store_; }
    static NewRun what(const std::string& label = "baseline");
    // Seven repetitions around 100 tok/s × speed, six windows of 255 tokens around 3 nats + nats a
    // token, and their metrics. With `kl`, each window diverges by that much a token.
    std::int64_t add(const NewRun& what, double speed = 1, double nats = 0, double kl = 0,
                     std::int64_t peak = 500'000'000);
    RunRecord load(std::int64_t run) { return store_->load(run).value(); }
    Comparison compare(std::int64_t baseline, std::int64_t candidate) {
        return profiler::compare(*store_, load(baseline), load(candidate));
    }

private:
    std::filesystem::path folder_;
    std::optional<Store> store_;
};

// The compared metric of that id; fails the test where it is absent.
ComparedMetric metric(const Comparison& comparison, const std::string& id);
bool has_metric(const Comparison& comparison, const std::string& id);

}  // namespace hone::profiler
