// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <utility>

#include "engine/experiment/client/client.h"
#include "engine/experiment/client/run_writer.h"
#include "engine/experiment/client/scratch_folder.h"
#include "engine/experiment/client/worker_process.h"
#include "profiler/statistics/statistics.h"

namespace hone {
namespace {

constexpr int kWarmupAtLeast = 3, kWarmupAtMost = 10;
constexpr double kWarmupSeconds = 60;      // of slow models: three repetitions, then on with it
constexpr double kRepetitionSeconds = 60;  // beyond those that were asked for
constexpr auto kSteady = profiler::Role::duration, kResolved = profiler::Role::speed;

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
    std::string spool(int window) const { return spools_.file(fmt::format("window-{}.logprobs", window)); }

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

void Measurement::report(const std::string& phase, const std::string& detail, double fraction) {
    reported_ = std::max(reported_, std::min(1.0, offset_ + scale_ * fraction));
    if (observer_.progress) observer_.progress({phase, detail, reported_});
}

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

// What goes wrong with one side's worker or its replies ends the runs as that side's failure.
template <typename Work>
auto Measurement::of_side(const SideState& side, Work&& work) {
    try {
        return understood(work);
    } catch (const Error& error) {
        throw SideFailure{side.side, error.details()};
    }
}

nlohmann::json Measurement::ask(SideState& side, nlohmann::json message) {
    const auto progress = [this](const nlohmann::json& event) {
        if (observer_.progress)
            observer_.progress({event.value("phase", ""), event.value("detail", ""), reported_});
    };
    return of_side(side, [&] { return side.worker->request(std::move(message), stop_, progress); });
}

void Measurement::prepare(SideState& side) {
    nlohmann::json message{{"type", "prepare"}, {"experiment", to_json(asked_of(side))}, {"files", files_}};
    if (!side.fault.is_null()) message["fault"] = side.fault;
    const nlohmann::json reply = ask(side, std::move(message));
    of_side(side, [&] {
        side.run->prepared(reply);
        if (reply.contains("text") && reply["text"].is_object())
            side.windows = reply["text"].value("windows", 0);
        side.sparse_attention = reply.value("sparse_attention", false);
    });
}

void Measurement::step(SideState& side, bool warmup, int index) {
    const nlohmann::json reply =
        ask(side, {{"type", "step"}, {"kind", "repetition"}, {"warmup", warmup}, {"index", index}});
    const LiveSample sample =
        of_side(side, [&] { return side.run->repetition(side.side, warmup, index, reply); });
    if (observer_.sample) observer_.sample(sample);
}

void Measurement::warm_up(const std::vector<SideState*>& sides) {
    const auto start = std::chrono::steady_clock::now();
    const auto steady = [](const SideState* side) {
        return profiler::is_steady(side->run->warmup_values(kSteady));
    };
    for (int i = 0; i < kWarmupAtMost; ++i) {
        const double fraction = static_cast<double>(i) / kWarmupAtMost;
        report("warm-up", fmt::format("warm-up {} of at most {}", i + 1, kWarmupAtMost),
               phases_.prepare + phases_.warmup * fraction);
        for (SideState* side : sides) step(*side, true, i);
        if (i + 1 < kWarmupAtLeast) continue;
        if (std::all_of(sides.begin(), sides.end(), steady)) return;
        if (std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() > kWarmupSeconds)
            break;
    }
    for (SideState* side : sides) {
        if (!steady(side))
            side->run->fact(profiler::RunFact::unstable_warmup,
                            "unstable warm-up: the last three repetitions differed by more than 3 %");
    }
}

void Measurement::repeat(const std::vector<SideState*>& sides) {
    const Workload& workload = request_.experiment.workload;
    const int least = workload.repetitions;
    std::vector<SideState*> order = sides;
    const auto once = [&](int i) {
        for (SideState* side : order) step(*side, false, i);
        // A B, B A, …: a drift of the machine's speed then favours neither.
        std::reverse(order.begin(), order.end());
    };
    for (int i = 0; i < least; ++i) {
        report("repetition", fmt::format("repetition {} of {}", i + 1, least),
               phases_.prepare + phases_.warmup + phases_.repetitions * i / least);
        once(i);
    }
    if (sides.size() < 2 || workload.resolution <= 0) return;
    // When to stop hangs on how wide the interval is and never on where it lies: otherwise chance would be given more tries.
    const auto start = std::chrono::steady_clock::now();
    for (int i = least; i < request_.most_repetitions; ++i) {
        const double reach = interval_reach(sides);
        if (reach <= workload.resolution) return;
        if (std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() >
            kRepetitionSeconds)
            break;
        report("repetition",
               fmt::format("repetition {}, until the interval is ±{:.1f} % (now ±{:.1f} %)", i + 1,
                           100 * workload.resolution, 100 * reach),
               phases_.prepare + phases_.warmup + phases_.repetitions);
        once(i);
    }
    const double reach = interval_reach(sides);
    if (reach > workload.resolution)
        sides.back()->run->note(
            fmt::format("noisy: after {} repetitions a difference in speed of less than "
                        "{:.1f} % cannot be told",
                        sides.back()->run->repetition_values(kSteady).size(), 100 * reach));
}

// Half of the 99 % interval of the ratio of decode speeds, or of whole repetitions where nothing is decoded, as a share of it.
double Measurement::interval_reach(const std::vector<SideState*>& sides) {
    std::vector<double> first = sides[0]->run->repetition_values(kResolved),
                        second = sides[1]->run->repetition_values(kResolved);
    if (first.empty() || first.size() != second.size()) {
        first = sides[0]->run->repetition_values(kSteady);
        second = sides[1]->run->repetition_values(kSteady);
    }
    const profiler::Estimate ratio = profiler::paired_ratio(first, second, 0.99);
    return ratio.n < 2 || !(ratio.low > 0) ? 1 : std::sqrt(ratio.high / ratio.low) - 1;
}

// Apart from the timed repetitions, since it costs what the technique saves.
void Measurement::measure_attention(const std::vector<SideState*>& sides) {
    for (SideState* side : sides) {
        if (!side->sparse_attention) continue;
        const nlohmann::json reply = ask(*side, {{"type", "step"}, {"kind", "attention_mass"}});
        of_side(*side, [&] { side->run->own_step(reply); });
    }
}

// Last, and of no repetition that counts: recording costs time. All figures are measured by now, and stay where there is no room for a trace.
void Measurement::trace(const std::vector<SideState*>& sides) {
    report("trace", "recording a trace", 0.99);
    for (SideState* side : sides) {
        const std::string file = spools_.file("events.trace");
        try {
            const nlohmann::json reply = ask(*side, {{"type", "step"}, {"kind", "trace"}, {"spool", file}});
            of_side(*side, [&] { side->run->trace(reply, file); });
        } catch (const SideFailure& failure) {
            side->run->note("There is no trace of this run. " + failure.error.message);
        } catch (const profiler::StoreError& error) {
            side->run->note(std::string("There is no trace of this run. ") + error.what());
        }
        std::error_code ignored;
        std::filesystem::remove(file, ignored);
    }
}

void Measurement::score_window(SideState& side, int window) {
    nlohmann::json message{{"type", "step"}, {"kind", "accuracy"}, {"window", window}};
    if (compares_logits()) message[&side == &sides_.front() ? "spool" : "compare_spool"] = spool(window);
    const nlohmann::json reply = ask(side, std::move(message));
    const LiveAccuracy point =
        of_side(side, [&] { return side.run->window(side.side, window, side.windows, reply); });
    if (observer_.accuracy) observer_.accuracy(point);
    if (compares_logits() && &side == &sides_.back()) {
        std::error_code ignored;
        std::filesystem::remove(spool(window), ignored);
    }
}

void Measurement::score(const std::vector<SideState*>& sides) {
    const int windows = sides.front()->windows;
    for (int window = 0; window < windows; ++window) {
        report("accuracy", fmt::format("accuracy, window {} of {}", window + 1, windows),
               phases_.prepare + phases_.warmup + phases_.repetitions + phases_.accuracy * window / windows);
        for (SideState* side : sides) score_window(*side, window);
    }
}

void Measurement::measure(const std::vector<SideState*>& sides) {
    for (std::size_t i = 0; i < sides.size(); ++i) {
        report("load", "loading the model and applying the recipe",
               phases_.prepare * static_cast<double>(i) / static_cast<double>(sides.size()));
        prepare(*sides[i]);
    }
    if (!request_.accuracy_only) {
        warm_up(sides);
        repeat(sides);
        measure_attention(sides);
    }
    score(sides);
    if (request_.trace) trace(sides);
    for (SideState* side : sides) side->complete = true;
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
