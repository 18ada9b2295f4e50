// SPDX-License-Identifier: Apache-2.0
#include "engine/experiment/client/measurement.h"

#include <algorithm>

namespace hone {

void Measurement::report(const std::string& phase, const std::string& detail, double fraction) {
    reported_ = std::max(reported_, std::min(1.0, offset_ + scale_ * fraction));
    if (observer_.progress) observer_.progress({phase, detail, reported_});
}

void Measurement::begin_runs() {
    std::optional<std::int64_t> baseline;
    for (SideState& side : sides_) {
        profiler::NewRun run;
        run.model_name = model_.value("name", "");
        run.model_source = request_.experiment.checkpoint;
        run.model_hash = model_.value("hash", "");
        run.model = model_;
        run.recipe = to_json(side.experiment.recipe);
        run.recipe_label = label(side.experiment.recipe, builtin_registry());
        run.workload = to_json(side.experiment.workload);
        if (request_.accuracy_only) run.workload["accuracy_only"] = true;
        run.target = to_json(side.experiment.target);
        run.environment = environment_;
        run.side = side.side == Side::baseline ? "baseline" : "candidate";
        run.paired_with = baseline;
        side.run = std::make_unique<RunWriter>(store_, run);
        if (!request_.accuracy_only) side.run->predicted(side.predicted);
        if (!baseline && sides_.size() == 2) baseline = side.run->id();
        if (observer_.run_started) observer_.run_started(side.side, side.run->id());
        if (model_.value("synthetic", false) && scores())
            side.run->note("random weights: the accuracy figures mean nothing");
    }
}

void Measurement::end_runs(const std::string& status, const std::string& reason, const SideFailure* failure) {
    for (SideState& side : sides_) {
        if (!side.run) continue;
        if (side.complete)
            side.run->finish("done", "");
        else if (failure != nullptr && failure->side != side.side)
            side.run->finish("cancelled", "The other side of the comparison failed. " + reason);
        else
            side.run->finish(status, reason);
    }
}

MeasureResult Measurement::run() {
    add_sides();
    understood([this] { describe(); });
    bool together = understood([this] { return predict_sides(); });
    if (wants_calibration()) {
        calibrate_machine();
        together = understood([this] { return predict_sides(); });
    }
    MeasureResult result;
    try {
        begin_runs();
        if (together) {
            std::vector<SideState*> all;
            for (SideState& side : sides_) all.push_back(&side);
            measure(all);
        } else {
            scale_ = 1.0 / static_cast<double>(sides_.size());
            for (SideState& side : sides_) {
                side.run->fact(profiler::RunFact::measured_apart,
                               "measured one after the other: both models together do not fit in memory");
                measure({&side});
                side.worker.reset();
                offset_ += scale_;
            }
        }
        end_runs("done", "", nullptr);
        result.status = "done";
    } catch (const Cancelled&) {
        end_runs("cancelled", observer_.stop_reason ? observer_.stop_reason() : "cancelled by the user",
                 nullptr);
        result.status = "cancelled";
    } catch (const SideFailure& failure) {
        end_runs("failed", failure.error.message, &failure);
        result.status = "failed";
        result.error = failure.error;
    } catch (const std::exception& error) {
        // The store itself may be what failed; then this throws too, and the run is closed as interrupted later.
        end_runs("failed", details_of(error).message, nullptr);
        throw;
    }
    for (const SideState& side : sides_) result.runs.push_back(side.run->id());
    if (result.status == "done") report("done", "", 1);
    return result;
}

namespace {

void compare_with(std::int64_t baseline, MeasureResult& result, const profiler::Store& store) {
    const auto first = store.load(baseline);
    const auto second = store.load(result.runs.back());
    if (first && second) result.comparison = profiler::compare(store, *first, *second);
}

}  // namespace

MeasureResult measure(const MeasureRequest& request, profiler::Store& store, const WorkerLaunch& launch,
                      const Observer& observer, std::stop_token stop) {
    using Against = MeasureRequest::Against;
    if (request.against == Against::stored_run && !store.load(request.stored_run))
        throw Error(ErrorDetails{"", store.info().path.string(), "run to compare with",
                                 std::to_string(request.stored_run), "the number of a stored run"});
    if (request.accuracy_only && request.experiment.workload.text == "none")
        throw Error(ErrorDetails{"", "", "text", "none", "a text to score"});
    MeasureResult result = Measurement(request, store, launch, observer, std::move(stop)).run();
    if (result.status != "done") return result;
    if (request.against == Against::stored_run) compare_with(request.stored_run, result, store);
    if (request.against == Against::baseline) compare_with(result.runs.front(), result, store);
    return result;
}

}  // namespace hone
