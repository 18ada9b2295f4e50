// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <tuple>
#include <utility>

#include "engine/experiment/client/measurement.h"
#include "profiler/statistics/statistics.h"

namespace hone {
namespace {

constexpr int kWarmupAtLeast = 3, kWarmupAtMost = 10;
constexpr double kWarmupSeconds = 60;      // of slow models: three repetitions, then on with it
constexpr double kRepetitionSeconds = 60;  // beyond those that were asked for
constexpr auto kSteady = profiler::Role::duration, kResolved = profiler::Role::speed;

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

// How many pairs' time a round of them takes: limits are those of a pair.
double pairs_in(const Sides& sides) {
    return std::max(1.0, static_cast<double>(sides.size()) / 2);
}

}  // namespace

std::string Measurement::spool(int window) const {
    return spools_.file(fmt::format("window-{}.logprobs", window));
}

template <class Request>
typename Request::Reply Measurement::ask(SideState& side, const Request& request) {
    const auto progress = [this](const messages::Progress& event) {
        if (observer_.progress) observer_.progress({event.phase, event.detail, reported_});
    };
    return of_side([&] { return side.worker->ask(request, stop_, progress); });
}

void Measurement::prepare(SideState& side) {
    // One that is started only now predicts again, so that all have done the same before their
    // memory is measured.
    if (!side.worker) of_side([&] { predict(side); });
    const messages::PrepareReply reply =
        ask(side,
            messages::Prepare{.experiment = asked_of(side), .files = files_, .fault = side.fault});
    side.run->prepared(reply);
    side.windows = reply.text ? reply.text->windows : 0;
    side.sparse_attention = reply.sparse_attention;
    side.prepared = true;
}

void Measurement::step(SideState& side, bool warmup, int index) {
    const messages::RepetitionReply reply =
        ask(side, messages::Repetition{.warmup = warmup, .index = index});
    LiveSample sample = side.run->repetition(side.side, warmup, index, reply);
    sample.candidate = side.candidate;
    if (observer_.sample) observer_.sample(sample);
}

void Measurement::warm_up(Sides& sides) {
    const auto start = Clock::now();
    const auto steady = [](const SideState* side) {
        return profiler::is_steady(side->run->warmup_values(kSteady));
    };
    for (int i = 0; i < kWarmupAtMost; ++i) {
        const double fraction = static_cast<double>(i) / kWarmupAtMost;
        report("warm-up", fmt::format("warm-up {} of at most {}", i + 1, kWarmupAtMost),
               phases_.prepare + phases_.warmup * fraction);
        const int index = warmup_round_++;
        each(sides, sides, [&](SideState& side) { step(side, true, index); });
        if (i + 1 < kWarmupAtLeast) continue;
        if (std::all_of(sides.begin(), sides.end(), steady)) return;
        if (seconds_since(start) > kWarmupSeconds * pairs_in(sides)) break;
    }
    for (SideState* side : sides) {
        if (!steady(side))
            side->run->fact(
                profiler::RunFact::unstable_warmup,
                "unstable warm-up: the last three repetitions differed by more than 3 %");
    }
}

// A B C, C B A, …: a drift of the machine's speed then favours none.
void Measurement::round(const Sides& wanted, Sides& sides) {
    const int index = round_++;
    Sides order = wanted;
    if ((index - first_round_) % 2 == 1) std::reverse(order.begin(), order.end());
    each(order, sides, [&](SideState& side) { step(side, false, index); });
}

// The candidates whose interval is wider than it may be, and the baseline, which goes with each of
// them; sets what is told of the widest.
Sides Measurement::unresolved(const Sides& sides) {
    const double aim = request_.experiment.workload.resolution;
    Sides wanted{baseline_};
    double widest = 0;
    for (SideState* side : sides) {
        const double reach = side == baseline_ ? 0 : interval_reach(*side);
        if (reach > aim) wanted.push_back(side);
        widest = std::max(widest, reach);
    }
    interval_ = IntervalReach{.reached = widest, .aim = aim};
    return wanted;
}

void Measurement::repeat(Sides& sides) {
    const Workload& workload = request_.experiment.workload;
    const int least = workload.repetitions;
    const bool resolves = baseline_ != nullptr && sides.size() > 1 && workload.resolution > 0;
    first_round_ = round_;
    for (int i = 0; i < least; ++i) {
        report("repetition", fmt::format("repetition {} of {}", i + 1, least),
               phases_.prepare + phases_.warmup + phases_.repetitions * i / least);
        round(Sides(sides), sides);
        if (resolves && i > 0) unresolved(sides);
    }
    if (!resolves) return;
    const bool by_hand = narrow(sides);
    for (SideState* side : unresolved(sides)) {
        if (side == baseline_) continue;
        side->run->note(fmt::format(
            "{}: after {} repetitions a difference in speed of less than {:.1f} % cannot be told",
            by_hand ? "ended by hand, good enough for who watched" : "noisy",
            side->run->repetition_values(kSteady).size(), 100 * interval_reach(*side)));
    }
    interval_.reset();
}

// When to stop hangs on how wide the interval is and never on where it lies: otherwise chance would
// be given more tries. Candidates whose interval is narrow enough rest. Returns whether it was
// ended by hand, by somebody who saw where it lay.
bool Measurement::narrow(Sides& sides) {
    const auto start = Clock::now();
    const double seconds = kRepetitionSeconds * pairs_in(sides);
    const int least = request_.experiment.workload.repetitions;
    for (int i = least; i < request_.most_repetitions; ++i) {
        const Sides wanted = unresolved(sides);
        if (wanted.size() < 2 || seconds_since(start) > seconds) return false;
        if (observer_.good_enough && observer_.good_enough()) return true;
        interval_->may_end = true;
        report("repetition",
               fmt::format("repetition {}, until the interval is ±{:.1f} % (now ±{:.1f} %)", i + 1,
                           100 * interval_->aim, 100 * interval_->reached),
               phases_.prepare + phases_.warmup + phases_.repetitions);
        round(wanted, sides);
    }
    return false;
}

// Half of the 99 % interval of the ratio of decode speeds, or of whole repetitions where nothing is
// decoded, as a share of it.
double Measurement::interval_reach(const SideState& candidate) const {
    // The baseline has taken part in every round, the candidate in those since its group's first,
    // until it rested.
    const auto pairs = [&](profiler::Role role) {
        const std::vector<double> second = candidate.run->repetition_values(role);
        std::vector<double> first = baseline_->run->repetition_values(role);
        const auto begin = static_cast<std::size_t>(first_round_);
        if (first.size() < begin + second.size()) return std::pair{std::vector<double>(), second};
        first.erase(first.begin(), first.begin() + first_round_);
        first.resize(second.size());
        return std::pair{first, second};
    };
    auto [first, second] = pairs(kResolved);
    if (first.empty()) std::tie(first, second) = pairs(kSteady);
    const profiler::Estimate ratio = profiler::paired_ratio(first, second, 0.99);
    return ratio.n < 2 || !(ratio.low > 0) ? 1 : std::sqrt(ratio.high / ratio.low) - 1;
}

// Apart from the timed repetitions, since it costs what the technique saves.
void Measurement::measure_attention(Sides& sides) {
    each(sides, sides, [&](SideState& side) {
        if (!side.sparse_attention || side.complete) return;
        side.run->own_step(ask(side, messages::AttentionMass()));
    });
}

// Last, and of no repetition that counts: recording costs time. All figures are measured by now,
// and stay where there is no room for a trace.
void Measurement::trace(const Sides& sides) {
    report("trace", "recording a trace", 0.99);
    for (SideState* side : sides) {
        if (side->complete) continue;  // a baseline that goes on with another group
        const std::string file = spools_.file("events.trace");
        try {
            const messages::TraceReply reply = ask(*side, messages::Trace{.spool = file});
            of_side([&] { side->run->trace(reply, file); });
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
    messages::Accuracy request{.window = window};
    if (baseline_ != nullptr)
        (&side == baseline_ ? request.spool : request.compare_spool) = spool(window);
    const messages::AccuracyReply reply = ask(side, request);
    LiveAccuracy point = side.run->window(side.side, window, side.windows, reply);
    point.candidate = side.candidate;
    if (observer_.accuracy) observer_.accuracy(point);
    side.scored = window + 1;
}

// The baseline scores each window once, and its spool stays until no other group is left that
// compares with it.
void Measurement::score(Sides& sides) {
    const int windows = sides.front()->windows;
    for (int window = 0; window < windows; ++window) {
        report("accuracy", fmt::format("accuracy, window {} of {}", window + 1, windows),
               phases_.prepare + phases_.warmup + phases_.repetitions +
                   phases_.accuracy * window / windows);
        each(sides, sides, [&](SideState& side) {
            if (side.scored <= window) score_window(side, window);
        });
        if (!last_group_ || baseline_ == nullptr) continue;
        std::error_code ignored;
        std::filesystem::remove(spool(window), ignored);
    }
}

}  // namespace hone
