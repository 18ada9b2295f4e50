// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
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
    ErrorDetails error;
};

struct SideState {
    Side side = Side::candidate;
    int candidate = 0;  // which of them
    Experiment experiment;
    messages::Document fault{};  // tests only
    messages::PredictReply predicted{};
    std::int64_t needed = 0;  // bytes, as predicted
    std::unique_ptr<WorkerProcess> worker;
    std::unique_ptr<RunWriter> run;
    int windows = 0;  // to score; 0: none
    int scored = 0;   // of them
    bool sparse_attention = false;
    bool prepared = false, complete = false;
    std::optional<ErrorDetails> failure;
};
using Sides = std::vector<SideState*>;

// Sides that are in memory at once: the baseline first, where it is among them.
struct SideGroup {
    Sides sides;
    bool apart = false;  // a side of a comparison, and the other is not among them
};

// One call of measure(): what is planned before a run begins (measurement_plan.cpp), the steps of
// the workers (measurement_steps.cpp), and how they follow each other (measurement.cpp).
class Measurement {
public:
    Measurement(const MeasureRequest& request, profiler::Store& store, const WorkerLaunch& launch,
                const Observer& observer, std::stop_token stop)
        : request_(request),
          store_(store),
          launch_(launch),
          observer_(observer),
          stop_(std::move(stop)) {}

    MeasureResult run();

private:
    // No candidate of the group is left.
    struct GroupEnded {};

    void add_sides();
    bool wants_calibration() const;
    void calibrate_machine();
    void describe();
    void start(SideState& side);
    Experiment asked_of(const SideState& side) const;
    void predict(SideState& side);
    void predict_sides();
    std::vector<SideGroup> groups();

    void begin_runs();
    void measure_groups();
    void measure(Sides& sides);
    void end_runs(const std::string& status, const std::string& reason);
    void report(const std::string& phase, const std::string& detail, double fraction);

    template <typename Work>
    void each(const Sides& order, Sides& sides, Work&& work);
    void lose(SideState& side, const SideFailure& failure);

    void prepare(SideState& side);
    void warm_up(Sides& sides);
    void repeat(Sides& sides);
    Sides unresolved(const Sides& sides);
    bool narrow(Sides& sides);
    void round(const Sides& wanted, Sides& sides);
    double interval_reach(const SideState& candidate) const;
    void score(Sides& sides);
    void score_window(SideState& side, int window);
    void step(SideState& side, bool warmup, int index);
    void measure_attention(Sides& sides);
    void trace(const Sides& sides);
    template <class Request>
    typename Request::Reply ask(SideState& side, const Request& request);
    bool scores() const { return request_.experiment.workload.text != "none"; }
    std::string spool(int window) const;

    const MeasureRequest& request_;
    profiler::Store& store_;
    const WorkerLaunch& launch_;
    const Observer& observer_;
    std::stop_token stop_;
    ScratchFolder spools_;
    std::vector<SideState> sides_;   // baseline first
    SideState* baseline_ = nullptr;  // where it is measured with candidates
    messages::InspectReply model_;
    std::vector<messages::SourceFile> files_;  // which files the model was when it was described
    nlohmann::json environment_;
    Phases phases_;
    double reported_ = 0;
    std::optional<IntervalReach> interval_;  // while repetitions go on
    double offset_ = 0, scale_ = 1;          // of the group of sides that is being measured
    bool last_group_ = false;
    // The next round's number, which is the index of its samples, and the group's first. The
    // baseline takes part in the rounds of several groups, and pairs of repetitions are those of
    // one number.
    int warmup_round_ = 0, round_ = 0, first_round_ = 0;
};

// Runs `work` for each of `order`. A candidate that fails leaves `sides`, and its run ends.
template <typename Work>
void Measurement::each(const Sides& order, Sides& sides, Work&& work) {
    for (SideState* side : Sides(order)) {
        try {
            work(*side);
        } catch (const SideFailure& failure) {
            lose(*side, failure);
            std::erase(sides, side);
            if (sides.empty() || (sides.size() == 1 && sides.front() == baseline_))
                throw GroupEnded();
        }
    }
}

// What goes wrong with one side's worker or its replies is that side's failure.
template <typename Work>
auto of_side(Work&& work) {
    try {
        return work();
    } catch (const Error& error) {
        throw SideFailure{error.details()};
    }
}

}  // namespace hone
