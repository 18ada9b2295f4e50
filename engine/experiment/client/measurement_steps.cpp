// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "engine/experiment/client/measurement.h"
#include "profiler/statistics/statistics.h"

namespace hone {
namespace {

constexpr int kWarmupAtLeast = 3, kWarmupAtMost = 10;
constexpr double kWarmupSeconds = 60;      // of slow models: three repetitions, then on with it
constexpr double kRepetitionSeconds = 60;  // beyond those that were asked for
constexpr auto kSteady = profiler::Role::duration, kResolved = profiler::Role::speed;

}  // namespace

std::string Measurement::spool(int window) const {
    return spools_.file(fmt::format("window-{}.logprobs", window));
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

}  // namespace hone
