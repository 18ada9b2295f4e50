// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "engine/experiment/client/ask.h"
#include "engine/experiment/client/measurement.h"

namespace hone {
namespace {

// Workers that wait for their turn: a pair's are there from the beginning. More of them would hold
// memory that nothing counts.
constexpr std::size_t kWaiting = 2;

}  // namespace

void Measurement::add_sides() {
    using Against = MeasureRequest::Against;
    const std::vector<Recipe> recipes =
        request_.candidates.empty() ? std::vector{request_.experiment.recipe} : request_.candidates;
    const bool with_baseline = request_.against == Against::baseline;
    sides_.resize(recipes.size() + (with_baseline ? 1 : 0));
    for (SideState& side : sides_) side.experiment = request_.experiment;
    if (with_baseline) {
        baseline_ = &sides_.front();
        baseline_->side = Side::baseline;
        baseline_->experiment.recipe = {};
    }
    for (std::size_t i = 0; i < recipes.size(); ++i) {
        SideState& candidate = sides_[i + (with_baseline ? 1 : 0)];
        candidate.candidate = static_cast<int>(i);
        candidate.experiment.recipe = recipes[i];
        if (i == request_.faulty) candidate.fault = request_.fault;
    }
    const bool alone_and_plain = request_.against == Against::nothing && recipes.size() == 1 &&
                                 recipes.front().steps.empty();
    if (alone_and_plain) sides_.front().side = Side::baseline;
    phases_ = request_.accuracy_only ? Phases{0.2, 0, 0, 0.8}
              : scores()             ? Phases{}
                                     : Phases{0.1, 0.4, 0.5, 0};
}

// What the runs are of; an unusable checkpoint ends it here, before a run began.
void Measurement::describe() {
    start(sides_.front());
    const messages::Hello hello{.target = request_.experiment.target};
    environment_ = sides_[0].worker->ask(hello, stop_).environment.get();
    model_ = sides_[0].worker->ask(messages::Inspect{.checkpoint = request_.experiment.checkpoint},
                                   stop_);
    files_ = std::exchange(model_.files, {});  // they say nothing of the run
    if (!model_.supported)
        throw Error(
            model_.unsupported.value_or(ErrorDetails{model_.unsupported_reason, {}, {}, {}, {}}));
    // A text that cannot be scored is told before a run begins, and stores none.
    const Workload& workload = request_.experiment.workload;
    if ((workload.text != "bundled" && workload.text != "none") || !workload.more_texts.empty())
        sides_[0].worker->ask(messages::Texts{.experiment = request_.experiment}, stop_);
}

void Measurement::start(SideState& side) {
    side.worker = std::make_unique<WorkerProcess>(launch_, observer_.log);
}

// What a side's worker is asked for: an evaluation has no prompts, and reserves nothing for them.
Experiment Measurement::asked_of(const SideState& side) const {
    Experiment experiment = side.experiment;
    if (request_.accuracy_only)
        experiment.workload.prompt_tokens = experiment.workload.generated_tokens = 1;
    return experiment;
}

// What the model's context cannot hold ends it here, before a run began.
void Measurement::predict(SideState& side) {
    if (!side.worker) start(side);
    side.predicted = side.worker->ask(messages::Predict{.experiment = asked_of(side)}, stop_);
    if (side.predicted.refusal) throw Error(*side.predicted.refusal);
    side.needed = std::max(side.predicted.peak_memory(), side.predicted.needed);
}

// One candidate of several that cannot be measured is a run that failed; where no other is left,
// nothing is stored.
void Measurement::predict_sides() {
    bool any = false;
    for (SideState& side : sides_) {
        side.failure.reset();
        try {
            predict(side);
            any = any || &side != baseline_;
            if (&side != baseline_ && sides_.size() > kWaiting) side.worker.reset();
        } catch (const Error& error) {
            if (&side == baseline_) throw;
            side.failure = error.details();
        }
    }
    if (any) return;
    for (const SideState& side : sides_)
        if (side.failure) throw Error(*side.failure);
}

// Workers at once need the memory of all: as many candidates share a group with the baseline as fit
// beside it.
std::vector<SideGroup> Measurement::groups() {
    std::int64_t available = 0;  // 0: unknown
    for (const SideState& side : sides_)
        if (!side.failure) available = side.predicted.available;
    const std::int64_t room = available - (baseline_ != nullptr ? baseline_->needed : 0);
    std::vector<SideGroup> together, apart;
    std::int64_t used = 0;
    for (SideState& side : sides_) {
        if (&side == baseline_ || side.failure) continue;
        const bool alone = available != 0 && side.needed > room;
        if (alone && baseline_ != nullptr) {
            apart.push_back({{&side}, true});
            continue;
        }
        if (together.empty() || (available != 0 && used + side.needed > room)) {
            together.emplace_back();
            if (baseline_ != nullptr) together.back().sides.push_back(baseline_);
            used = 0;
        }
        together.back().sides.push_back(&side);
        used += side.needed;
    }
    if (together.empty()) together.push_back({{baseline_}, true});
    together.insert(together.end(), apart.begin(), apart.end());
    return together;
}

// Where times could not be predicted, of a model that is going to run.
bool Measurement::wants_calibration() const {
    return request_.calibrate && !request_.accuracy_only &&
           std::any_of(sides_.begin(), sides_.end(), [](const SideState& side) {
               return !side.failure && side.predicted.wants_calibration && side.predicted.fits;
           });
}

// In a worker of its own, whose memory nobody measures. Without a calibration no times are
// predicted, and that is all.
void Measurement::calibrate_machine() {
    report("calibrate", "timing this machine's kernels, once", 0);
    try {
        hone::ask(messages::Calibrate{.target = request_.experiment.target}, launch_, stop_);
    } catch (const Error& error) {
        if (observer_.log) observer_.log("no calibration: " + error.details().message);
    }
}

}  // namespace hone
