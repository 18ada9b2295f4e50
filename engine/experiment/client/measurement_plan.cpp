// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "engine/experiment/client/measurement.h"

namespace hone {

void Measurement::add_sides() {
    using Against = MeasureRequest::Against;
    if (request_.against == Against::baseline) {
        sides_.emplace_back();
        sides_.back().side = Side::baseline;
        sides_.back().experiment = request_.experiment;
        sides_.back().experiment.recipe = {};
    }
    sides_.emplace_back();
    SideState& candidate = sides_.back();
    candidate.experiment = request_.experiment;
    candidate.fault = request_.fault;
    const bool alone_and_plain =
        request_.against == Against::nothing && request_.experiment.recipe.steps.empty();
    candidate.side = alone_and_plain ? Side::baseline : Side::candidate;
    phases_ = request_.accuracy_only ? Phases{0.2, 0, 0, 0.8}
              : scores()             ? Phases{}
                                     : Phases{0.1, 0.4, 0.5, 0};
}

// What the runs are of; an unusable checkpoint ends it here, before a run began.
void Measurement::describe() {
    for (SideState& side : sides_) side.worker = std::make_unique<WorkerProcess>(launch_, observer_.log);
    nlohmann::json hello{{"type", "hello"}, {"version", 1}};
    if (request_.experiment.target.device != "cpu") hello["target"] = to_json(request_.experiment.target);
    environment_ = sides_[0].worker->request(hello, stop_).at("environment");
    model_ = sides_[0].worker->request(
        {{"type", "inspect"}, {"checkpoint", request_.experiment.checkpoint}, {"tensors", false}}, stop_);
    model_.erase("id");
    model_.erase("type");
    files_ = model_.value("files", nlohmann::json::array());
    model_.erase("files");  // they say nothing of the run
    if (!model_.value("supported", true))
        throw Error(error_details_from_json(model_.value("unsupported", nlohmann::json::object())));
    // A text that cannot be scored is told before a run begins, and stores none.
    const Workload& workload = request_.experiment.workload;
    if ((workload.text != "bundled" && workload.text != "none") || !workload.more_texts.empty())
        sides_[0].worker->request({{"type", "texts"}, {"experiment", to_json(request_.experiment)}}, stop_);
}

// What a side's worker is asked for: an evaluation has no prompts, and reserves nothing for them.
Experiment Measurement::asked_of(const SideState& side) const {
    Experiment experiment = side.experiment;
    if (request_.accuracy_only) experiment.workload.prompt_tokens = experiment.workload.generated_tokens = 1;
    return experiment;
}

// Two workers at once need the memory of both. What the model's context cannot hold ends it here, before a run began.
bool Measurement::predict_sides() {
    std::int64_t needed = 0, available = 0;
    for (SideState& side : sides_) {
        side.predicted =
            side.worker->request({{"type", "predict"}, {"experiment", to_json(asked_of(side))}}, stop_);
        if (const nlohmann::json refusal = side.predicted.value("refusal", nlohmann::json());
            refusal.is_object())
            throw Error(error_details_from_json(refusal));
        needed += side.predicted.at("memory").value("peak_resident", std::int64_t{0});
        available = side.predicted.value("available", std::int64_t{0});
    }
    return sides_.size() < 2 || available == 0 || needed <= available;
}

// Where times could not be predicted, of a model that is going to run.
bool Measurement::wants_calibration() const {
    return request_.calibrate && !request_.accuracy_only && request_.experiment.target.device == "cpu" &&
           std::any_of(sides_.begin(), sides_.end(), [](const SideState& side) {
               return side.predicted.value("times", nlohmann::json()).is_null() &&
                      side.predicted.value("fits", true);
           });
}

// In a worker of its own, whose memory nobody measures. Without a calibration no times are predicted, and that is all.
void Measurement::calibrate_machine() {
    report("calibrate", "timing this machine's kernels, once", 0);
    try {
        calibrate(request_.experiment.target, false, launch_, {}, stop_);
    } catch (const Error& error) {
        if (observer_.log) observer_.log("no calibration: " + error.details().message);
    }
}

}  // namespace hone
