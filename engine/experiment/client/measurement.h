// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/experiment/client/client.h"
#include "engine/experiment/client/run_writer.h"
#include "engine/experiment/client/scratch_folder.h"
#include "engine/experiment/client/worker_process.h"

namespace hone {

// Shares of the whole job, for its progress bar.
struct Phases {
    double prepare = 0.1, warmup = 0.25, repetitions = 0.35, accuracy = 0.3;
};

// A failure of one side, with what the user is told.
struct SideFailure {
    Side side;
    ErrorDetails error;
};

struct SideState {
    Side side = Side::candidate;
    Experiment experiment;
    nlohmann::json fault, predicted;
    std::unique_ptr<WorkerProcess> worker;
    std::unique_ptr<RunWriter> run;
    int windows = 0;  // to score; 0: none
    bool sparse_attention = false;
    bool complete = false;
};

// One call of measure(): what is planned before a run begins (measurement_plan.cpp), the steps of the workers
// (measurement_steps.cpp), and how they follow each other (measurement.cpp).
class Measurement {
public:
    Measurement(const MeasureRequest& request, profiler::Store& store, const WorkerLaunch& launch,
                const Observer& observer, std::stop_token stop)
        : request_(request), store_(store), launch_(launch), observer_(observer), stop_(std::move(stop)) {}

    MeasureResult run();

private:
    void add_sides();
    bool wants_calibration() const;
    void calibrate_machine();
    void describe();
    Experiment asked_of(const SideState& side) const;
    bool predict_sides();  // whether both fit together
    void begin_runs();
    void measure(const std::vector<SideState*>& sides);
    void prepare(SideState& side);
    void warm_up(const std::vector<SideState*>& sides);
    void repeat(const std::vector<SideState*>& sides);
    static double interval_reach(const std::vector<SideState*>& sides);
    void score(const std::vector<SideState*>& sides);
    void score_window(SideState& side, int window);
    void step(SideState& side, bool warmup, int index);
    void measure_attention(const std::vector<SideState*>& sides);
    void trace(const std::vector<SideState*>& sides);
    nlohmann::json ask(SideState& side, nlohmann::json message);
    template <typename Work>
    auto of_side(const SideState& side, Work&& work);
    void end_runs(const std::string& status, const std::string& reason, const SideFailure* failure);
    void report(const std::string& phase, const std::string& detail, double fraction);
    bool compares_logits() const { return sides_.size() == 2; }
    bool scores() const { return request_.experiment.workload.text != "none"; }
    std::string spool(int window) const;

    const MeasureRequest& request_;
    profiler::Store& store_;
    const WorkerLaunch& launch_;
    const Observer& observer_;
    std::stop_token stop_;
    ScratchFolder spools_;
    std::vector<SideState> sides_;  // baseline first
    nlohmann::json model_, environment_;
    nlohmann::json files_;  // which files the model was when it was described
    Phases phases_;
    double reported_ = 0;
    double offset_ = 0, scale_ = 1;  // of the group of sides that is being measured
};

// What goes wrong with one side's worker or its replies ends the runs as that side's failure.
template <typename Work>
auto Measurement::of_side(const SideState& side, Work&& work) {
    try {
        return understood(work);
    } catch (const Error& error) {
        throw SideFailure{side.side, error.details()};
    }
}

}  // namespace hone
