// SPDX-License-Identifier: Apache-2.0
// Several candidates of one baseline.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "tests/client/client_test.h"

namespace hone {
namespace {

using testing::Contains;
using testing::Each;
using testing::HasSubstr;
using Against = MeasureRequest::Against;

// Steps of a candidate's worker: 0–2 warm-up, 3–7 repetitions, 8–11 windows.
constexpr int kInWarmup = 1, kInRepetitions = 5, kInAccuracy = 9;

class Candidates : public ClientTest {
protected:
    static MeasureRequest several(std::size_t count = 3) {
        MeasureRequest several = request(false);
        for (const char* dtype : {"fp16", "int8", "off"})
            if (several.candidates.size() < count)
                several.candidates.push_back({{{"kv_cache", {{"dtype", dtype}}}}});
        return several;
    }
    static MeasureRequest faulty(std::size_t candidate, int step) {
        MeasureRequest bad = several();
        bad.faulty = candidate;
        bad.fault = {{"at_step", step}, {"behaviour", "SIGKILL"}};
        return bad;
    }
    // 'A' for the baseline, digits for candidates, in the order of their repetitions.
    std::string order() const {
        std::string text;
        for (const LiveSample& sample : samples_)
            if (!sample.warmup)
                text +=
                    sample.side == Side::baseline ? 'A' : static_cast<char>('0' + sample.candidate);
        return text;
    }
    static std::size_t children() {
        std::size_t count = 0;
        for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
            std::ifstream file(task.path() / "children");
            for (int pid = 0; file >> pid;) ++count;
        }
        return count;
    }
    std::vector<int> positions(std::int64_t run) {
        std::vector<int> found;
        for (const profiler::Sample& sample : store().samples(run))
            if (sample.kind == "repetition") found.push_back(sample.index);
        return found;
    }
    std::vector<std::string> statuses(const MeasureResult& result) {
        std::vector<std::string> found;
        for (const std::int64_t run : result.runs) found.push_back(load(run).status);
        return found;
    }
    static profiler::ComparedMetric metric(const profiler::Comparison& comparison,
                                           const std::string& id) {
        for (const auto& each : comparison.metrics)
            if (each.id == id) return each;
        ADD_FAILURE() << "no " << id;
        return {};
    }
};

TEST_F(Candidates, AreInterleavedWithOneBaseline) {
    const MeasureResult result = measure(several());
    EXPECT_EQ(result.status, "done");
    EXPECT_EQ(order(), "A012210AA012210AA012");
    ASSERT_EQ(result.runs.size(), 4u);
    EXPECT_THAT(statuses(result), Each("done"));
    ASSERT_EQ(result.comparisons.size(), 3u);
    for (std::size_t i = 0; i < 3; ++i) {
        const profiler::RunRecord run = load(result.runs[i + 1]);
        EXPECT_EQ(run.what.side, "candidate");
        EXPECT_EQ(run.what.paired_with, result.runs[0]);
        EXPECT_EQ(run.what.recipe, to_json(several().candidates[i]));
        EXPECT_NEAR(run.metrics.at("kl_divergence").value, 0.01, 1e-12);
        EXPECT_EQ(result.comparisons[i].candidate, run.id);
        EXPECT_EQ(result.comparisons[i].baseline, result.runs[0]);
        EXPECT_TRUE(result.comparisons[i].interleaved);
        EXPECT_EQ(metric(result.comparisons[i], "decode_tokens_per_second").ratio.n, 5);
    }
    EXPECT_EQ(samples(result.runs[0], "accuracy"), 4u);
    ASSERT_EQ(accuracy_.size(), 16u);
    EXPECT_EQ(accuracy_[3].candidate, 2);
    EXPECT_EQ(progress_.back().fraction, 1);
}

TEST_F(Candidates, OfASweepAreStoredAsOneSeries) {
    MeasureRequest sweep = several(2);
    sweep.swept = {{{"technique", "kv_cache"}, {"option", "dtype"}, {"values", {"fp16", "int8"}}}};
    const MeasureResult first = measure(sweep), second = measure(sweep);
    const auto series = load(first.runs[0]).what.series;
    ASSERT_TRUE(series);
    EXPECT_EQ(series->swept, sweep.swept);
    for (const std::int64_t run : first.runs) EXPECT_EQ(load(run).what.series->id, series->id);
    EXPECT_NE(load(second.runs[1]).what.series->id, series->id);
    EXPECT_FALSE(load(measure(request()).runs[1]).what.series);
}

TEST_F(Candidates, OfWhichOneFailsCostItsRunAlone) {
    for (const int step : {kInWarmup, kInRepetitions, kInAccuracy}) {
        const MeasureResult result = measure(faulty(1, step));
        EXPECT_EQ(result.status, "failed");
        EXPECT_THAT(result.error.value_or(ErrorDetails()).message, HasSubstr("SIGKILL"));
        EXPECT_EQ(statuses(result), (std::vector<std::string>{"done", "done", "failed", "done"}));
        EXPECT_THAT(load(result.runs[2]).reason, HasSubstr("SIGKILL"));
        EXPECT_EQ(result.comparisons.size(), 2u);
        for (const std::size_t whole : {0, 1, 3}) {
            EXPECT_EQ(samples(result.runs[whole], "repetition"), 5u) << step;
            EXPECT_EQ(samples(result.runs[whole], "accuracy"), 4u) << step;
        }
        if (step == kInRepetitions) {
            EXPECT_EQ(samples(result.runs[2], "repetition"), 2u) << "what it had measured stays";
        }
        EXPECT_FALSE(has_children());
    }
}

TEST_F(Candidates, ThatAllFailEndTheBaseline) {
    MeasureRequest bad = faulty(0, kInWarmup);
    bad.candidates.resize(2);
    const MeasureResult result = measure(bad, fake({"--refuse", "int8"}));
    EXPECT_EQ(result.status, "failed");
    EXPECT_EQ(statuses(result), (std::vector<std::string>{"cancelled", "failed", "failed"}));
    EXPECT_THAT(load(result.runs[0]).reason, HasSubstr("other side"));
    EXPECT_TRUE(result.comparisons.empty());
}

TEST_F(Candidates, EndWithTheirBaseline) {
    const MeasureResult result = measure(several(), fake({"--on", "prepare", "SIGKILL"}));
    EXPECT_EQ(result.status, "failed");
    EXPECT_EQ(statuses(result),
              (std::vector<std::string>{"failed", "cancelled", "cancelled", "cancelled"}));
}

TEST_F(Candidates, ThatCannotRunAreFailedRunsAmongOthers) {
    const MeasureResult result = measure(several(), fake({"--refuse", "int8"}));
    EXPECT_EQ(result.status, "failed");
    EXPECT_EQ(statuses(result), (std::vector<std::string>{"done", "done", "failed", "done"}));
    EXPECT_EQ(load(result.runs[2]).reason, "refused by the fake");
    EXPECT_EQ(samples(result.runs[2], "warmup"), 0u);
    MeasureRequest one = several(1);
    EXPECT_THROW(measure(one, fake({"--refuse", "fp16"})), Error);
    EXPECT_EQ(store().list().size(), 4u) << "where none can run, no run begins";
}

// Beside the baseline there is room for two: it goes on with the third, whose repetitions pair with
// its later ones.
TEST_F(Candidates, AreMeasuredInBlocksWhereMemoryDoesNotHoldAll) {
    observer_.sample = [this](const LiveSample& sample) {
        samples_.push_back(sample);
        EXPECT_LE(children(), 3u) << "a worker that waits for its block";
    };
    const MeasureResult result = measure(several(), fake({"--available", "3500000000"}));
    EXPECT_EQ(result.status, "done");
    EXPECT_EQ(order(), "A0110AA0110AA01A22AA22AA2");
    EXPECT_EQ(positions(result.runs[0]).size(), 10u);
    EXPECT_EQ(positions(result.runs[1]), (std::vector{0, 1, 2, 3, 4}));
    EXPECT_EQ(positions(result.runs[3]), (std::vector{5, 6, 7, 8, 9}));
    for (const profiler::Comparison& comparison : result.comparisons) {
        EXPECT_TRUE(comparison.interleaved);
        EXPECT_EQ(metric(comparison, "decode_tokens_per_second").ratio.n, 5);
    }
    EXPECT_EQ(samples(result.runs[0], "accuracy"), 4u) << "its windows are scored once";
    for (const std::size_t candidate : {1, 2, 3}) {
        EXPECT_EQ(load(result.runs[candidate]).metrics.at("kl_divergence").n, 4);
        EXPECT_FALSE(load(result.runs[candidate]).measured_apart);
    }
    double last = 0;
    for (const LiveProgress& progress : progress_) {
        EXPECT_GE(progress.fraction, last);
        last = progress.fraction;
    }
}

TEST_F(Candidates, ThatDoNotFitBesideTheBaselineAreMeasuredApart) {
    const MeasureResult result =
        measure(several(), fake({"--available", "4500000000", "--large", "fp16"}));
    EXPECT_EQ(result.status, "done");
    EXPECT_EQ(order(), "A1221AA1221AA1200000");
    EXPECT_TRUE(load(result.runs[1]).measured_apart);
    EXPECT_FALSE(result.comparisons[0].interleaved);
    EXPECT_NEAR(load(result.runs[1]).metrics.at("kl_divergence").value, 0.01, 1e-12);
    for (const std::size_t other : {0, 2, 3}) EXPECT_FALSE(load(result.runs[other]).measured_apart);
    EXPECT_TRUE(result.comparisons[1].interleaved);
}

TEST_F(Candidates, OfWhichTheLastBlockFailsKeepTheFirst) {
    const MeasureResult result =
        measure(faulty(2, kInRepetitions), fake({"--available", "3500000000"}));
    EXPECT_EQ(statuses(result), (std::vector<std::string>{"done", "done", "done", "failed"}));
    EXPECT_EQ(result.comparisons.size(), 2u);
    // The first block's last candidate gone, its baseline goes on with the next.
    MeasureRequest early = faulty(0, kInAccuracy);
    early.candidates.resize(2);
    const MeasureResult second = measure(early, fake({"--available", "2500000000"}));
    EXPECT_EQ(statuses(second), (std::vector<std::string>{"done", "failed", "done"}));
    EXPECT_EQ(samples(second.runs[0], "accuracy"), 4u);
    EXPECT_EQ(load(second.runs[2]).metrics.at("kl_divergence").n, 4);
}

// The baseline was interrupted with the candidate beside it; the one that is measured apart still
// needs all of it.
TEST_F(Candidates, MeasuredApartHaveAWholeBaseline) {
    for (const int step : {kInWarmup, kInRepetitions, kInAccuracy}) {
        MeasureRequest bad = faulty(1, step);
        bad.candidates.resize(2);
        const MeasureResult result =
            measure(bad, fake({"--available", "4500000000", "--large", "fp16"}));
        EXPECT_EQ(statuses(result), (std::vector<std::string>{"done", "done", "failed"})) << step;
        EXPECT_GE(samples(result.runs[0], "repetition"), 5u);
        EXPECT_EQ(samples(result.runs[0], "accuracy"), 4u);
        EXPECT_EQ(load(result.runs[1]).metrics.at("kl_divergence").n, 4);
        EXPECT_EQ(result.comparisons.size(), 1u);
    }
}

TEST_F(Candidates, RestOnceTheirIntervalIsNarrow) {
    MeasureRequest wanted = several(2);
    wanted.faulty = 1;
    wanted.fault = {{"jitter", 0.05}};
    const MeasureResult result = measure(wanted);
    EXPECT_EQ(samples(result.runs[1], "repetition"), 5u);
    EXPECT_GT(samples(result.runs[2], "repetition"), 5u);
    EXPECT_EQ(positions(result.runs[0]), positions(result.runs[2]));
}

TEST_F(Candidates, WithoutABaselineAreMeasuredAmongThemselves) {
    MeasureRequest alone = several(2);
    alone.against = Against::nothing;
    const MeasureResult result = measure(alone);
    EXPECT_EQ(order(), "0110011001");
    EXPECT_TRUE(result.comparisons.empty());
    for (const std::int64_t run : result.runs) {
        EXPECT_EQ(load(run).what.side, "candidate");
        EXPECT_FALSE(load(run).what.paired_with);
        EXPECT_FALSE(load(run).metrics.contains("kl_divergence"));
    }
    alone.against = Against::stored_run;
    alone.stored_run = result.runs[0];
    EXPECT_EQ(measure(alone).comparisons.size(), 2u);
}

TEST_F(Candidates, OfASeriesAreMeasuredAgainAsASeries) {
    MeasureRequest first = several();
    first.swept = {
        {{"technique", "kv_cache"}, {"option", "dtype"}, {"values", {"fp16", "int8", "off"}}}};
    const MeasureResult once = measure(first);
    const std::int64_t series = load(once.runs[1]).what.series.value().id;
    const MeasureRequest again = rerun_series_request(store(), series, builtin_registry());
    EXPECT_EQ(again.against, Against::baseline);
    const MeasureResult twice = measure(again);
    ASSERT_EQ(twice.runs.size(), 4u);
    ASSERT_EQ(twice.comparisons.size(), 3u);
    for (std::size_t i = 0; i < 4; ++i) {
        const profiler::RunRecord before = load(once.runs[i]), now = load(twice.runs[i]);
        EXPECT_EQ(now.what.recipe,
                  to_json(recipe_from_json(before.what.recipe, builtin_registry())));
        EXPECT_EQ(now.what.workload, before.what.workload);
        EXPECT_EQ(now.what.series->swept, before.what.series->swept);
        EXPECT_NE(now.what.series->id, series);
    }
    // One of it alone is no series.
    const MeasureRequest alone = rerun_request(load(once.runs[2]), builtin_registry());
    EXPECT_TRUE(alone.candidates.empty());
    EXPECT_TRUE(alone.swept.is_null());
    // What was removed is not measured.
    store().remove({once.runs[1], once.runs[0]});
    EXPECT_EQ(rerun_series_request(store(), series, builtin_registry()).candidates.size(), 2u);
    store().remove({once.runs[2], once.runs[3]});
    EXPECT_THROW(rerun_series_request(store(), series, builtin_registry()), Error);
    EXPECT_THROW(rerun_series_request(store(), 77, builtin_registry()), Error);
}

TEST_F(Candidates, AreAllCancelledTogether) {
    std::stop_source source;
    observer_.sample = [&](const LiveSample& sample) {
        if (!sample.warmup && sample.index == 2) source.request_stop();
    };
    const MeasureResult result = measure(several(), fake(), source.get_token());
    EXPECT_EQ(result.status, "cancelled");
    EXPECT_THAT(statuses(result), Each("cancelled"));
}

}  // namespace
}  // namespace hone
