// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <cmath>

#include "tests/client/client_test.h"

namespace hone {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using Against = MeasureRequest::Against;

class Measuring : public ClientTest {
protected:
    static const profiler::ComparedMetric* compared(const MeasureResult& result,
                                                    const std::string& id) {
        for (const auto& metric : result.comparisons.front().metrics)
            if (metric.id == id) return &metric;
        return nullptr;
    }
};

TEST_F(Measuring, StoresBothRunsWithEverySample) {
    const MeasureResult result = measure(request());
    EXPECT_EQ(result.status, "done");
    EXPECT_FALSE(result.error);
    ASSERT_EQ(result.runs.size(), 2u);
    const profiler::RunRecord baseline = load(result.runs[0]), candidate = load(result.runs[1]);
    EXPECT_EQ(baseline.what.side, "baseline");
    EXPECT_TRUE(baseline.what.recipe.empty());
    EXPECT_EQ(candidate.what.side, "candidate");
    EXPECT_EQ(candidate.what.recipe.at(0).at("technique"), "kv_cache");
    EXPECT_EQ(candidate.what.paired_with, baseline.id);
    for (const profiler::RunRecord& run : {baseline, candidate}) {
        EXPECT_EQ(run.status, "done");
        EXPECT_EQ(run.what.model_name, "Fake model");
        EXPECT_EQ(run.what.model_hash, "f00");
        EXPECT_EQ(run.what.environment.at("cpu"), "Fake");
        EXPECT_EQ(samples(run.id, "warmup"), 3u);
        EXPECT_EQ(samples(run.id, "repetition"), 5u);
        EXPECT_EQ(samples(run.id, "accuracy"), 4u);
        EXPECT_EQ(run.memory.at("weights"), 900);
        EXPECT_EQ(run.memory.at("peak_resident"), 100'000'004);
        EXPECT_EQ(run.metrics.at("decode_tokens_per_second").n, 5);
        EXPECT_NEAR(run.metrics.at("decode_tokens_per_second").value, 100, 0.5);
        EXPECT_LT(run.metrics.at("decode_tokens_per_second").low,
                  run.metrics.at("decode_tokens_per_second").value);
        EXPECT_EQ(run.metrics.at("peak_memory").value, 100'000'004);
        EXPECT_EQ(run.metrics.at("load_seconds").value, 0.25);
        EXPECT_EQ(run.what.workload.at("text_hash"), "77");
        EXPECT_EQ(run.what.target.at("threads"), 2);
        EXPECT_THAT(run.notes_from_run, Contains("prepared by the fake"));
        EXPECT_THAT(run.notes_from_run, Not(Contains(HasSubstr("unstable"))));
    }
    EXPECT_EQ(baseline.metrics.at("model_bytes").value, 1000);
    EXPECT_EQ(candidate.metrics.at("model_bytes").value, 500);
}

TEST_F(Measuring, ComputesAccuracyAgainstTheBaselinesSpools) {
    const MeasureResult result = measure(request());
    const profiler::RunRecord baseline = load(result.runs[0]), candidate = load(result.runs[1]);
    EXPECT_NEAR(baseline.metrics.at("perplexity").value, std::exp(3.15), 1e-9);
    EXPECT_NEAR(candidate.metrics.at("perplexity").value, std::exp(3.2), 1e-9);
    EXPECT_FALSE(baseline.metrics.contains("kl_divergence"));
    EXPECT_NEAR(candidate.metrics.at("kl_divergence").value, 0.01, 1e-12);
    EXPECT_NEAR(candidate.metrics.at("top1_agreement").value, 250.0 / 255, 1e-12);
    ASSERT_EQ(accuracy_.size(), 8u);
    EXPECT_EQ(accuracy_[0].side, Side::baseline);
    EXPECT_EQ(accuracy_[1].side, Side::candidate);
    EXPECT_FALSE(accuracy_[0].metrics.contains("kl_divergence"));
    EXPECT_NEAR(accuracy_[7].metrics.at("kl_divergence").value, 0.01, 1e-12);
    EXPECT_EQ(accuracy_[7].windows, 4);
    EXPECT_NEAR(accuracy_[7].metrics.at("perplexity").value, std::exp(3.2), 1e-9);
    EXPECT_DOUBLE_EQ(accuracy_[1].metrics.at("perplexity").low,
                     accuracy_[1].metrics.at("perplexity").high)
        << "one window has no interval";
    EXPECT_LT(accuracy_[7].metrics.at("perplexity").low,
              accuracy_[7].metrics.at("perplexity").value);
    EXPECT_DOUBLE_EQ(accuracy_[7].metrics.at("perplexity").high,
                     candidate.metrics.at("perplexity").high);
    ASSERT_EQ(result.comparisons.size(), 1u);
    EXPECT_NEAR(compared(result, "perplexity")->ratio.value, std::exp(0.05), 1e-9);
    EXPECT_EQ(compared(result, "perplexity")->verdict, "worse");
}

TEST_F(Measuring, AStoredRunOnceMore) {
    const MeasureResult result = measure(request());
    const profiler::RunRecord baseline = load(result.runs[0]), candidate = load(result.runs[1]);
    ASSERT_TRUE(candidate.what.workload.contains("text_hash")) << "what only the worker knew";
    const MeasureRequest again = rerun_request(candidate, builtin_registry());
    EXPECT_EQ(again.against, MeasureRequest::Against::baseline);
    const MeasureResult second = measure(again);
    ASSERT_EQ(second.runs.size(), 2u);
    const profiler::RunRecord repeated = load(second.runs[1]);
    EXPECT_EQ(repeated.what.model_source, candidate.what.model_source);
    EXPECT_EQ(repeated.what.recipe, to_json(again.experiment.recipe));
    EXPECT_EQ(repeated.what.recipe[0]["options"]["dtype"],
              candidate.what.recipe[0]["options"]["dtype"]);
    EXPECT_EQ(repeated.what.workload, candidate.what.workload);
    EXPECT_EQ(repeated.what.target, candidate.what.target);

    const MeasureRequest alone = rerun_request(baseline, builtin_registry());
    EXPECT_EQ(alone.against, MeasureRequest::Against::nothing);
    EXPECT_TRUE(alone.experiment.recipe.steps.empty());
    profiler::RunRecord scored = candidate;
    scored.what.workload["accuracy_only"] = true;
    EXPECT_TRUE(rerun_request(scored, builtin_registry()).accuracy_only);
    EXPECT_FALSE(again.trace);
    profiler::RunRecord traced = candidate;
    traced.trace_events = 9;
    EXPECT_TRUE(rerun_request(traced, builtin_registry()).trace);
    profiler::RunRecord unknown = candidate;
    unknown.what.recipe = {{{"technique", "teleport"}}};
    EXPECT_THROW(rerun_request(unknown, builtin_registry()), Error);
}

TEST_F(Measuring, InterleavesAndTurnsTheOrder) {
    measure(request());
    std::string warmup, timed;
    for (const LiveSample& sample : samples_)
        (sample.warmup ? warmup : timed) += sample.side == Side::baseline ? 'A' : 'B';
    EXPECT_EQ(warmup, "ABABAB");
    EXPECT_EQ(timed, "ABBAABBAAB");
    ASSERT_EQ(started_.size(), 2u);
    EXPECT_EQ(started_[0].first, Side::baseline);
    EXPECT_EQ(samples_.back().token_times.at(0).at(1), 0.2);
    EXPECT_EQ(samples_.back().memory.at("weights"), 900);
}

TEST_F(Measuring, ShowsProgressThatOnlyRises) {
    measure(request());
    ASSERT_FALSE(progress_.empty());
    double last = 0;
    for (const LiveProgress& progress : progress_) {
        EXPECT_GE(progress.fraction, last) << progress.phase << " " << progress.detail;
        EXPECT_LE(progress.fraction, 1);
        last = progress.fraction;
    }
    EXPECT_EQ(last, 1);
    EXPECT_THAT(progress_, Contains(testing::Field(&LiveProgress::detail, "repetition 3 of 5")));
}

TEST_F(Measuring, AModelAgainstItselfCannotTell) {
    const MeasureResult result = measure(request(false));
    ASSERT_EQ(result.runs.size(), 2u);
    EXPECT_EQ(load(result.runs[1]).what.side, "candidate");
    EXPECT_TRUE(load(result.runs[1]).what.recipe.empty());
    ASSERT_EQ(result.comparisons.size(), 1u);
    EXPECT_TRUE(result.comparisons.front().interleaved);
    EXPECT_FALSE(result.comparisons.front().metrics.empty());
    for (const auto& metric : result.comparisons.front().metrics) {
        EXPECT_EQ(metric.verdict, "cannot tell") << metric.id;
        EXPECT_THAT(metric.refusal, IsEmpty());
    }
    EXPECT_EQ(load(result.runs[1]).metrics.at("kl_divergence").value, 0);
}

TEST_F(Measuring, FindsASlowdown) {
    MeasureRequest slow = request(false);
    slow.fault = {{"slow_down", 0.05}};
    const MeasureResult result = measure(slow);
    EXPECT_EQ(compared(result, "decode_tokens_per_second")->verdict, "slower");
    EXPECT_NEAR(compared(result, "decode_tokens_per_second")->ratio.value, 0.95, 1e-6);
    EXPECT_EQ(compared(result, "peak_memory")->verdict, "cannot tell");
}

TEST_F(Measuring, AloneStoresOneRun) {
    MeasureRequest alone = request();
    alone.against = Against::nothing;
    const MeasureResult result = measure(alone);
    ASSERT_EQ(result.runs.size(), 1u);
    EXPECT_TRUE(result.comparisons.empty());
    EXPECT_EQ(load(result.runs[0]).what.side, "candidate");
    EXPECT_FALSE(load(result.runs[0]).metrics.contains("kl_divergence"));
    alone.experiment.recipe = {};
    EXPECT_EQ(load(measure(alone).runs[0]).what.side, "baseline");
}

TEST_F(Measuring, AgainstAStoredRunMeasuresTheCandidateOnly) {
    MeasureRequest first = request(false);
    first.against = Against::nothing;
    MeasureRequest second = request();
    second.against = Against::stored_run;
    second.stored_run = measure(first).runs[0];
    const MeasureResult result = measure(second);
    ASSERT_EQ(result.runs.size(), 1u);
    ASSERT_EQ(result.comparisons.size(), 1u);
    EXPECT_EQ(result.comparisons.front().baseline, second.stored_run);
    EXPECT_FALSE(result.comparisons.front().interleaved);
    EXPECT_THAT(result.comparisons.front().warnings, Contains(HasSubstr("not interleaved")));
    EXPECT_NEAR(compared(result, "perplexity")->ratio.value, std::exp(0.05), 1e-9);
}

TEST_F(Measuring, RefusesWhatIsUnusableBeforeARunBegins) {
    MeasureRequest against = request();
    against.against = Against::stored_run;
    against.stored_run = 4711;
    EXPECT_THROW(measure(against), Error);
    MeasureRequest missing = request();
    missing.experiment.checkpoint = "missing.gguf";
    EXPECT_THROW(measure(missing), Error);
    EXPECT_THROW(measure(request(), fake({"--unsupported"})), Error);
    MeasureRequest textless = request();
    textless.accuracy_only = true;
    textless.experiment.workload.text = "none";
    EXPECT_THROW(measure(textless), Error);
    EXPECT_TRUE(store().list().empty());
}

TEST_F(Measuring, AccuracyOnlyTimesNothing) {
    MeasureRequest eval = request();
    eval.accuracy_only = true;
    const MeasureResult result = measure(eval);
    EXPECT_TRUE(samples_.empty());
    EXPECT_EQ(samples(result.runs[1], "accuracy"), 4u);
    EXPECT_FALSE(load(result.runs[1]).metrics.contains("decode_tokens_per_second"));
    EXPECT_TRUE(load(result.runs[1]).metrics.contains("kl_divergence"));
    EXPECT_EQ(progress_.back().fraction, 1);
}

TEST_F(Measuring, WithoutATextScoresNothing) {
    MeasureRequest textless = request();
    textless.experiment.workload.text = "none";
    const MeasureResult result = measure(textless);
    EXPECT_EQ(result.status, "done");
    EXPECT_TRUE(accuracy_.empty());
    EXPECT_FALSE(load(result.runs[1]).metrics.contains("perplexity"));
    EXPECT_EQ(compared(result, "perplexity"), nullptr);
}

TEST_F(Measuring, ModelsThatDoNotFitTogetherAreMeasuredApart) {
    const MeasureResult result = measure(request(), fake({"--available", "1500000000"}));
    EXPECT_EQ(result.status, "done");
    std::string order;
    for (const LiveSample& sample : samples_)
        if (!sample.warmup) order += sample.side == Side::baseline ? 'A' : 'B';
    EXPECT_EQ(order, "AAAAABBBBB");
    for (const std::int64_t run : result.runs) {
        EXPECT_TRUE(load(run).measured_apart);
        EXPECT_THAT(load(run).notes_from_run, Contains(HasSubstr("measured one after the other")));
    }
    EXPECT_FALSE(result.comparisons.front().interleaved);
    EXPECT_NEAR(load(result.runs[1]).metrics.at("kl_divergence").value, 0.01, 1e-12);
    double last = 0;
    for (const LiveProgress& progress : progress_) {
        EXPECT_GE(progress.fraction, last);
        last = progress.fraction;
    }
    EXPECT_EQ(last, 1);
}

TEST_F(Measuring, AWarmUpThatDoesNotSettleIsNoted) {
    const MeasureResult result = measure(request(), fake({"--unsteady"}));
    EXPECT_EQ(samples(result.runs[0], "warmup"), 10u);
    EXPECT_TRUE(load(result.runs[0]).unstable_warmup);
    EXPECT_THAT(load(result.runs[0]).notes_from_run, Contains(HasSubstr("unstable warm-up")));
    EXPECT_THAT(profiler::warning_lines(result.comparisons),
                Contains(HasSubstr("unstable warm-up")));
}

TEST_F(Measuring, RepetitionsAdaptToTheNoise) {
    const auto repetitions = [this](const char* jitter, double resolution) {
        MeasureRequest wanted = request();
        wanted.experiment.workload.resolution = resolution;
        return samples(measure(wanted, fake({"--jitter", jitter})).runs[1], "repetition");
    };
    EXPECT_EQ(repetitions("0.1", 0), 5u);
    EXPECT_EQ(repetitions("0", 0.025), 5u);
    const auto some = repetitions("0.03", 0.025);
    EXPECT_GT(some, 5u);
    EXPECT_LT(some, 100u);
    EXPECT_GT(repetitions("0.03", 0.02), some);
}

TEST_F(Measuring, WhatNoiseHidesIsNoted) {
    MeasureRequest wanted = request();
    wanted.most_repetitions = 12;
    const MeasureResult result = measure(wanted, fake({"--jitter", "0.3"}));
    EXPECT_EQ(samples(result.runs[1], "repetition"), 12u);
    EXPECT_THAT(load(result.runs[1]).notes_from_run, Contains(HasSubstr("cannot be told")));
}

// Whoever watches may take the interval as it is, once the repetitions that were asked for are
// done.
TEST_F(Measuring, RepetitionsEndByHand) {
    std::optional<IntervalReach> last;
    std::size_t may_end = 0;
    const auto progress = observer_.progress;
    observer_.progress = [&](const LiveProgress& now) {
        if (progress) progress(now);
        if (!now.interval) return;
        last = now.interval;
        may_end += now.interval->may_end ? 1 : 0;
    };
    observer_.good_enough = [&] { return may_end == 2; };
    const MeasureResult result = measure(request(), fake({"--jitter", "0.3"}));
    EXPECT_EQ(result.status, "done");
    EXPECT_EQ(samples(result.runs[1], "repetition"), 7u);
    ASSERT_TRUE(last);
    EXPECT_EQ(last->aim, request().experiment.workload.resolution);
    EXPECT_GT(last->reached, last->aim);
    EXPECT_THAT(load(result.runs[1]).notes_from_run,
                Contains(AllOf(HasSubstr("ended by hand"), HasSubstr("cannot be told"))));
}

TEST_F(Measuring, NobodyEndsRepetitionsThatWereAskedFor) {
    observer_.good_enough = [] { return true; };
    const MeasureResult result = measure(request(), fake({"--jitter", "0.3"}));
    EXPECT_EQ(samples(result.runs[1], "repetition"), 5u);
}

TEST_F(Measuring, WhatIsPredictedIsStoredWithTheRun) {
    const MeasureResult result = measure(request());
    for (const std::int64_t run : result.runs) {
        const auto predicted = load(run).predicted;
        EXPECT_EQ(predicted.at("decode_tokens_per_second"), 10);
        EXPECT_EQ(predicted.at("peak_memory"), 1'000'000'000);
        EXPECT_EQ(predicted.at("model_bytes"), 7);
    }
}

TEST_F(Measuring, RandomWeightsAreNoted) {
    const MeasureResult result = measure(request(), fake({"--synthetic"}));
    for (const std::int64_t run : result.runs)
        EXPECT_THAT(load(run).notes_from_run, Contains(HasSubstr("random weights")));
}

TEST_F(Measuring, WhatDidNotEngageIsNotedInWords) {
    const MeasureResult result = measure(request(), fake({"--idle", "kv_cache"}));
    EXPECT_THAT(
        load(result.runs.back()).notes_from_run,
        Contains("KV cache did not engage: the count of KV tokens stored in fewer bits stayed 0"));
}

TEST_F(Measuring, WorksWithNobodyWatching) {
    observer_ = {};
    EXPECT_EQ(measure(request()).status, "done");
}

// The figures are there before it is recorded: a trace that cannot be spooled costs the trace.
TEST_F(Measuring, KeepsTheFiguresOfRunsWithoutTheirTrace) {
    MeasureRequest traced = request();
    traced.trace = true;
    const MeasureResult result = measure(traced);
    EXPECT_EQ(result.status, "done");
    for (const std::int64_t run : result.runs) {
        const profiler::RunRecord record = load(run);
        EXPECT_EQ(record.status, "done");
        EXPECT_TRUE(record.metrics.contains("decode_tokens_per_second"));
        EXPECT_THAT(record.notes_from_run,
                    Contains(testing::StartsWith("There is no trace of this run. ")));
    }
}

}  // namespace
}  // namespace hone
