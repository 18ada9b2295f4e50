// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/store/example_runs.h"

namespace hone::profiler {
namespace {

using testing::ElementsAre;

class Runs : public testing::Test {
protected:
    TemporaryFolder folder_;
    Store store_{folder_ / "deep/runs.sqlite"};
};

TEST_F(Runs, ComeBackAsTheyWereStored) {
    const std::int64_t baseline = store_.begin_run(example_run());
    NewRun what = example_run("int8");
    what.paired_with = baseline;
    const std::int64_t run = store_.begin_run(what);
    store_.add_sample(run, {0, "warmup", {{"decode_tokens_per_second", 80}}, nullptr});
    store_.add_sample(run, example_repetition(0, 101.25));
    store_.set_metric(run, "decode_tokens_per_second", {101.25, 100, 102, 1, "tok/s"});
    store_.set_prediction(run, {{"peak_memory", 1.0}});
    store_.set_prediction(run, {{"peak_memory", 4.9e9}, {"decode_tokens_per_second", 12.5}});
    store_.set_memory(run, {{"weights", 4'000'000'000}, {"peak_resident", 5'000'000'000}});
    store_.add_run_note(run, "unstable warm-up");
    store_.set_fact(run, RunFact::unstable_warmup);
    store_.add_run_note(run, "Q4_1 tensors were expanded first");
    store_.finish_run(run, "done", "", 12.5);

    const auto back = Store(folder_ / "deep/runs.sqlite").load(run);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->status, "done");
    EXPECT_EQ(back->duration_seconds, 12.5);
    EXPECT_THAT(back->created, testing::MatchesRegex("20..-..-..T..:..:..Z"));
    EXPECT_EQ(back->what.model_name, "Tiny");
    EXPECT_EQ(back->what.model_hash, "3f9a");
    EXPECT_EQ(back->what.model, what.model);
    EXPECT_EQ(back->what.recipe, what.recipe);
    EXPECT_EQ(back->what.workload, what.workload);
    EXPECT_EQ(back->what.target, what.target);
    EXPECT_EQ(back->what.environment, what.environment);
    EXPECT_EQ(back->what.side, "candidate");
    EXPECT_EQ(back->what.paired_with, baseline);
    EXPECT_EQ(back->metrics.at("decode_tokens_per_second").value, 101.25);
    EXPECT_EQ(back->metrics.at("decode_tokens_per_second").unit, "tok/s");
    EXPECT_EQ(back->memory.at("weights"), 4'000'000'000);
    EXPECT_TRUE(back->unstable_warmup);
    EXPECT_FALSE(back->measured_apart);
    EXPECT_THAT(back->notes_from_run,
                ElementsAre("unstable warm-up", "Q4_1 tensors were expanded first"));

    const std::vector<Sample> samples = store_.samples(run);
    ASSERT_EQ(samples.size(), 2u);
    EXPECT_EQ(samples[0].kind, "warmup");
    EXPECT_EQ(samples[1].values.at("decode_tokens_per_second"), 101.25);
    EXPECT_EQ(samples[1].detail.at("token_times").at(0).at(1), 0.2);
}

TEST_F(Runs, OfOneSeriesKnowWhatWasSwept) {
    const nlohmann::json swept = {
        {{"technique", "quantize_weights"}, {"option", "scheme"}, {"values", {"q8_0", "q4_0"}}}};
    const Series series = store_.begin_series(swept), other = store_.begin_series(swept);
    EXPECT_NE(series.id, other.id);
    NewRun what = example_run("q8_0");
    what.series = series;
    const std::int64_t run = store_.begin_run(what), alone = store_.begin_run(example_run());
    ASSERT_TRUE(store_.load(run)->what.series);
    EXPECT_EQ(store_.load(run)->what.series->id, series.id);
    EXPECT_EQ(store_.list().back().what.series->swept, swept);
    EXPECT_FALSE(store_.load(alone)->what.series);
    store_.remove({run});
    store_.purge();
    EXPECT_FALSE(store_.load(run));
    EXPECT_EQ(store_.begin_series(swept).id, other.id + 1) << "no number is given twice";
}

TEST_F(Runs, TakeWhatTheWorkerResolved) {
    const std::int64_t first = store_.begin_run(example_run()),
                       second = store_.begin_run(example_run());
    store_.set_resolved(first, {{"prompt_tokens", 128}, {"text_hash", "77"}},
                        {{"device", "cpu"}, {"threads", 4}});
    EXPECT_EQ(store_.load(first)->what.workload.at("text_hash"), "77");
    EXPECT_EQ(store_.load(first)->what.target.at("threads"), 4);
    EXPECT_EQ(store_.load(second)->what.workload, example_run().workload)
        << "the shared row must stay";
    EXPECT_THROW(store_.set_resolved(99, {}, {}), StoreError);
}

TEST_F(Runs, AreListedNewestFirst) {
    const std::int64_t first = store_.begin_run(example_run());
    const std::int64_t second = store_.begin_run(example_run("int4"));
    store_.set_tags(first, {"b", "a", "b"});
    store_.set_note(second, "mine");
    const std::vector<RunRecord> runs = store_.list();
    ASSERT_EQ(runs.size(), 2u);
    EXPECT_EQ(runs[0].id, second);
    EXPECT_EQ(runs[0].note, "mine");
    EXPECT_EQ(runs[0].status, "running");
    EXPECT_EQ(runs[1].id, first);
    EXPECT_THAT(runs[1].tags, ElementsAre("a", "b"));
}

TEST_F(Runs, KeepTheUsersMarks) {
    const std::int64_t run = store_.begin_run(example_run());
    store_.set_note(run, "first thought");
    store_.set_note(run, "second thought");
    store_.set_tags(run, {"laptop"});
    store_.set_starred(run, true);
    EXPECT_EQ(store_.load(run)->note, "second thought");
    EXPECT_THAT(store_.load(run)->tags, ElementsAre("laptop"));
    EXPECT_TRUE(store_.load(run)->starred);
    store_.set_note(run, "");
    store_.set_tags(run, {});
    store_.set_starred(run, false);
    EXPECT_EQ(store_.load(run)->note, "");
    EXPECT_TRUE(store_.load(run)->tags.empty());
    EXPECT_FALSE(store_.load(run)->starred);
}

TEST_F(Runs, CanBeRemovedRestoredAndPurged) {
    const std::int64_t baseline = store_.begin_run(example_run());
    NewRun what = example_run("int8");
    what.paired_with = baseline;
    const std::int64_t candidate = store_.begin_run(what);
    store_.add_sample(baseline, example_repetition(0, 100));
    store_.remove({baseline, candidate});
    EXPECT_TRUE(store_.list().empty());
    EXPECT_FALSE(store_.load(baseline));
    store_.restore({candidate});
    ASSERT_EQ(store_.list().size(), 1u);
    store_.purge();
    store_.restore({candidate});
    EXPECT_THROW(store_.restore({baseline}), StoreError);
    EXPECT_TRUE(store_.samples(baseline).empty());
    EXPECT_EQ(store_.load(candidate)->what.paired_with, std::nullopt);
}

TEST_F(Runs, OfAnUnknownNumberAreRefused) {
    const std::int64_t run = store_.begin_run(example_run());
    EXPECT_THROW(store_.add_sample(99, example_repetition(0, 1)), StoreError);
    EXPECT_THROW(store_.set_metric(99, "perplexity", {}), StoreError);
    EXPECT_THROW(store_.finish_run(99, "done", "", 0), StoreError);
    EXPECT_THROW(store_.set_starred(99, true), StoreError);
    EXPECT_FALSE(store_.load(99));
    // All or nothing: the known one stays where an unknown one is named with it.
    EXPECT_THROW(store_.remove({run, 99}), StoreError);
    EXPECT_TRUE(store_.load(run));
    NewRun orphan = example_run("int8");
    orphan.paired_with = 99;
    EXPECT_THROW(store_.begin_run(orphan), StoreError);
    EXPECT_EQ(store_.list().size(), 1u);
}

TEST_F(Runs, RefuseAStatusThatIsNone) {
    const std::int64_t run = store_.begin_run(example_run());
    EXPECT_THROW(store_.finish_run(run, "fine", "", 0), StoreError);
    EXPECT_EQ(store_.load(run)->status, "running");
}

TEST_F(Runs, KeepFiguresThatAreNoNumbersAndTextThatIsNoUnicode) {
    NewRun what = example_run();
    what.model_source = "/models/caf\xE9.gguf";
    what.model["path"] = what.model_source;
    const std::int64_t run = store_.begin_run(what);
    const double nan = std::numeric_limits<double>::quiet_NaN(),
                 infinite = std::numeric_limits<double>::infinity();
    store_.set_metric(run, "perplexity", {infinite, nan, infinite, 4, ""});
    store_.add_sample(run, {0, "accuracy", {{"nll_sum", nan}, {"scored", 255}}, nullptr});
    EXPECT_TRUE(std::isinf(store_.load(run)->metrics.at("perplexity").value));
    EXPECT_TRUE(std::isnan(store_.load(run)->metrics.at("perplexity").low));
    EXPECT_TRUE(std::isnan(store_.samples(run).at(0).values.at("nll_sum")));
    EXPECT_EQ(store_.load(run)->what.model_source, what.model_source);
}

TEST_F(Runs, HaveArtifactsBesideThem) {
    Artifact artifact;
    artifact.checkpoint = "m.gguf";
    artifact.recipe = example_run("int8").recipe;
    artifact.path = "out.gguf";
    artifact.format = "gguf";
    artifact.dtype = "q8_0";
    artifact.bytes = 123;
    artifact.hash = "ab";
    artifact.left_out = {"kv_cache"};
    artifact.verification = {{"passed", true}};
    const std::int64_t id = store_.add_artifact(artifact);
    const std::vector<Artifact> back = store_.artifacts();
    ASSERT_EQ(back.size(), 1u);
    EXPECT_EQ(back[0].id, id);
    EXPECT_EQ(back[0].recipe, artifact.recipe);
    EXPECT_EQ(back[0].left_out, artifact.left_out);
    EXPECT_EQ(back[0].verification, artifact.verification);
    EXPECT_FALSE(back[0].created.empty());
}

}  // namespace
}  // namespace hone::profiler
