// SPDX-License-Identifier: Apache-2.0
#include "engine/experiment/client/measurement.h"

#include <algorithm>

namespace hone {

void Measurement::report(const std::string& phase, const std::string& detail, double fraction) {
    reported_ = std::max(reported_, std::min(1.0, offset_ + scale_ * fraction));
    if (observer_.progress) observer_.progress({phase, detail, reported_, interval_});
}

void Measurement::begin_runs() {
    std::optional<profiler::Series> series;
    if (!request_.swept.is_null()) series = store_.begin_series(request_.swept);
    for (SideState& side : sides_) {
        profiler::NewRun run;
        run.model_name = model_.name;
        run.model_source = request_.experiment.checkpoint;
        run.model_hash = model_.hash;
        run.model = messages::write(model_);
        run.recipe = to_json(side.experiment.recipe);
        run.recipe_label = label(side.experiment.recipe, builtin_registry());
        run.workload = to_json(side.experiment.workload);
        if (request_.accuracy_only) run.workload["accuracy_only"] = true;
        run.target = to_json(side.experiment.target);
        run.environment = environment_;
        run.side = side.side == Side::baseline ? "baseline" : "candidate";
        if (baseline_ != nullptr && &side != baseline_) run.paired_with = baseline_->run->id();
        run.series = series;
        side.run = std::make_unique<RunWriter>(store_, run);
        if (observer_.run_started) observer_.run_started(side.side, side.run->id());
        if (side.failure) {
            side.run->finish("failed", side.failure->message);
            continue;
        }
        if (!request_.accuracy_only) side.run->predicted(side.predicted);
        if (model_.synthetic && scores())
            side.run->note("random weights: the accuracy figures mean nothing");
    }
}

// A candidate that failed costs its own run, unless it was the last.
void Measurement::lose(SideState& side, const SideFailure& failure) {
    side.failure = failure.error;
    const bool others = std::any_of(sides_.begin(), sides_.end(), [this](const SideState& each) {
        return &each != baseline_ && !each.failure;
    });
    if (&side == baseline_ || !others) throw failure;
    side.run->finish("failed", failure.error.message);
    side.worker.reset();
}

void Measurement::measure(Sides& sides) {
    const auto count = static_cast<double>(sides.size());
    each(sides, sides, [&, loaded = 0](SideState& side) mutable {
        report("load", "loading the model and applying the recipe",
               phases_.prepare * loaded++ / count);
        if (!side.prepared) prepare(side);
    });
    if (!request_.accuracy_only) {
        warm_up(sides);
        repeat(sides);
        measure_attention(sides);
    }
    score(sides);
    if (request_.trace) trace(sides);
    for (SideState* side : sides) side->complete = true;
}

void Measurement::measure_groups() {
    const std::vector<SideGroup> all = groups();
    scale_ = 1.0 / static_cast<double>(all.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
        Sides sides = all[i].sides;
        last_group_ = i + 1 == all.size();
        if (all[i].apart) {
            warmup_round_ = round_ = 0;
            for (SideState* side : sides)
                side->run->fact(
                    profiler::RunFact::measured_apart,
                    "measured one after the other: both models together do not fit in memory");
        }
        const bool goes_on = !last_group_ && all[i + 1].sides.front() == baseline_;
        try {
            measure(sides);
        } catch (const GroupEnded&) {
            // Those that are measured apart need all of a baseline that no candidate is left
            // beside.
            Sides alone{baseline_};
            if (!goes_on && all[i].sides.front() == baseline_ && !baseline_->complete)
                measure(alone);
        }
        for (SideState* side : all[i].sides) {
            if (side == baseline_ && goes_on) continue;
            side->worker.reset();
            if (side != baseline_ && side->complete) side->run->finish("done", "");
        }
        offset_ += scale_;
    }
}

void Measurement::end_runs(const std::string& status, const std::string& reason) {
    for (SideState& side : sides_) {
        if (!side.run) continue;
        if (side.complete)
            side.run->finish("done", "");
        else if (status == "failed" && !side.failure)
            side.run->finish("cancelled", "The other side of the comparison failed. " + reason);
        else
            side.run->finish(status, reason);
    }
}

MeasureResult Measurement::run() {
    add_sides();
    describe();
    predict_sides();
    if (wants_calibration()) {
        calibrate_machine();
        predict_sides();
    }
    MeasureResult result;
    result.status = "done";
    try {
        begin_runs();
        measure_groups();
        end_runs("done", "");
    } catch (const Cancelled&) {
        end_runs("cancelled",
                 observer_.stop_reason ? observer_.stop_reason() : "cancelled by the user");
        result.status = "cancelled";
    } catch (const SideFailure& failure) {
        end_runs("failed", failure.error.message);
    } catch (const std::exception& error) {
        // The store itself may be what failed; then this throws too, and the run is closed as
        // interrupted later.
        for (SideState& side : sides_)
            if (side.run)
                side.run->finish(side.complete ? "done" : "failed",
                                 side.complete ? "" : details_of(error).message);
        throw;
    }
    for (const SideState& side : sides_) {
        result.runs.push_back(side.run->id());
        if (!side.failure) continue;
        if (!result.error) result.error = side.failure;
        if (result.status == "done") result.status = "failed";
    }
    if (result.status == "done") report("done", "", 1);
    return result;
}

namespace {

// Each candidate that is done with the baseline.
void compare_with(std::int64_t baseline, MeasureResult& result, const profiler::Store& store) {
    const auto first = store.load(baseline);
    if (!first) return;
    for (const std::int64_t run : result.runs) {
        if (run == baseline) continue;
        const auto second = store.load(run);
        if (second && second->status == "done")
            result.comparisons.push_back(profiler::compare(store, *first, *second));
    }
}

}  // namespace

MeasureResult measure(const MeasureRequest& request, profiler::Store& store,
                      const WorkerLaunch& launch, const Observer& observer, std::stop_token stop) {
    using Against = MeasureRequest::Against;
    if (request.against == Against::stored_run && !store.load(request.stored_run))
        throw Error(ErrorDetails{"", store.info().path.string(), "run to compare with",
                                 std::to_string(request.stored_run), "the number of a stored run"});
    if (request.accuracy_only && request.experiment.workload.text == "none")
        throw Error(ErrorDetails{"", "", "text", "none", "a text to score"});
    MeasureResult result = Measurement(request, store, launch, observer, std::move(stop)).run();
    if (request.against == Against::stored_run) compare_with(request.stored_run, result, store);
    if (request.against == Against::baseline) compare_with(result.runs.front(), result, store);
    return result;
}

}  // namespace hone
