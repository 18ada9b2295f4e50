// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <tuple>

#include "tests/report/measured_runs.h"

namespace hone::profiler {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class Comparing : public testing::Test {
protected:
    static NewRun paired(std::int64_t baseline, const std::string& label = "int8") {
        NewRun run = MeasuredRuns::what(label);
        run.paired_with = baseline;
        return run;
    }
    // Compares a baseline with an unpaired candidate that `change` has altered.
    template <typename Change>
    Comparison altered(Change change) {
        const std::int64_t baseline = runs_.add(MeasuredRuns::what());
        NewRun other = MeasuredRuns::what("int8");
        change(other);
        return runs_.compare(baseline, runs_.add(other));
    }
    MeasuredRuns runs_;
};

TEST_F(Comparing, InterleavedRunsIsPaired) {
    const std::int64_t baseline = runs_.add(MeasuredRuns::what());
    const std::int64_t candidate = runs_.add(paired(baseline), 1.5, 0.02, 0.01, 250'000'000);
    const Comparison found = runs_.compare(baseline, candidate);
    EXPECT_TRUE(found.interleaved);
    EXPECT_THAT(found.warnings, IsEmpty());

    std::vector<double> a, b;
    for (const Sample& sample : runs_.store().samples(baseline))
        if (sample.kind == "repetition") a.push_back(sample.values.at("decode_tokens_per_second"));
    for (const Sample& sample : runs_.store().samples(candidate))
        if (sample.kind == "repetition") b.push_back(sample.values.at("decode_tokens_per_second"));
    ASSERT_EQ(a.size(), 7u);
    const Estimate expected = paired_ratio(a, b);
    const ComparedMetric decode = metric(found, "decode_tokens_per_second");
    EXPECT_DOUBLE_EQ(decode.ratio.value, expected.value);
    EXPECT_DOUBLE_EQ(decode.ratio.low, expected.low);
    EXPECT_DOUBLE_EQ(decode.ratio.high, expected.high);
    EXPECT_EQ(decode.verdict, "faster");

    const ComparedMetric ppl = metric(found, "perplexity");
    EXPECT_NEAR(ppl.ratio.value, std::exp(0.02), 1e-12);
    EXPECT_EQ(ppl.verdict, "worse");
    EXPECT_EQ(metric(found, "peak_memory").verdict, "smaller");
    EXPECT_DOUBLE_EQ(metric(found, "model_bytes").ratio.value, 0.5);
    EXPECT_EQ(metric(found, "model_bytes").verdict, "smaller");
    EXPECT_EQ(metric(found, "load_seconds").verdict, "cannot tell") << "one sample decides nothing";
    EXPECT_FALSE(has_metric(found, "kl_divergence")) << "a baseline has no divergence from itself";
}

TEST_F(Comparing, AModelWithItselfCannotTell) {
    const std::int64_t baseline = runs_.add(MeasuredRuns::what());
    const std::int64_t same = runs_.add(paired(baseline, "baseline"));
    for (const ComparedMetric& found : runs_.compare(baseline, same).metrics) {
        EXPECT_EQ(found.verdict, "cannot tell") << found.id;
        EXPECT_THAT(found.refusal, IsEmpty());
    }
}

TEST_F(Comparing, MemoryAllowsForWhatTwoProcessesDifferBy) {
    const std::int64_t baseline = runs_.add(MeasuredRuns::what());
    const ComparedMetric near = metric(
        runs_.compare(baseline, runs_.add(paired(baseline), 1, 0, 0, 504'000'000)), "peak_memory");
    EXPECT_EQ(near.verdict, "cannot tell");
    EXPECT_LT(near.ratio.low, 1);
    EXPECT_NEAR(near.ratio.value, 1.008, 1e-9);
    const ComparedMetric apart = metric(
        runs_.compare(baseline, runs_.add(paired(baseline), 1, 0, 0, 506'000'000)), "peak_memory");
    EXPECT_EQ(apart.verdict, "larger");
    // 1 MiB of a small process is more than 1 %.
    const std::int64_t small = runs_.add(MeasuredRuns::what(), 1, 0, 0, 20'000'000);
    EXPECT_EQ(
        metric(runs_.compare(small, runs_.add(paired(small), 1, 0, 0, 20'900'000)), "peak_memory")
            .verdict,
        "cannot tell");
}

TEST_F(Comparing, RunsMeasuredApartIsUnpairedAndSaysSo) {
    const Comparison found = altered([](NewRun&) {});
    EXPECT_FALSE(found.interleaved);
    EXPECT_THAT(found.warnings, Contains(HasSubstr("not interleaved")));
    EXPECT_EQ(metric(found, "decode_tokens_per_second").verdict, "cannot tell");
}

TEST_F(Comparing, RunsThatDidNotFitTogetherIsUnpaired) {
    const std::int64_t baseline = runs_.add(MeasuredRuns::what());
    const std::int64_t candidate = runs_.add(paired(baseline), 1.2);
    runs_.store().set_fact(candidate, RunFact::measured_apart);
    const Comparison found = runs_.compare(baseline, candidate);
    EXPECT_FALSE(found.interleaved);
    EXPECT_EQ(metric(found, "decode_tokens_per_second").verdict, "faster");
}

TEST_F(Comparing, OtherWorkloadsIsRefusedForSpeedAndMemoryOnly) {
    const Comparison found = altered([](NewRun& run) { run.workload["prompt_tokens"] = 256; });
    EXPECT_EQ(metric(found, "decode_tokens_per_second").refusal,
              "other prompt length: 128 and 256");
    EXPECT_EQ(metric(found, "peak_memory").refusal, "other prompt length: 128 and 256");
    EXPECT_THAT(metric(found, "perplexity").refusal, IsEmpty());
    EXPECT_THAT(metric(found, "model_bytes").refusal, IsEmpty());
}

TEST_F(Comparing, OtherDevicesIsRefused) {
    const Comparison found = altered([](NewRun& run) { run.target["device"] = "cuda:0"; });
    EXPECT_EQ(metric(found, "decode_tokens_per_second").refusal, "other device: cpu and cuda:0");
    EXPECT_EQ(metric(found, "load_seconds").refusal, "other device: cpu and cuda:0");
    NewRun one = MeasuredRuns::what(), other = MeasuredRuns::what();
    for (NewRun* run : {&one, &other}) {
        run->target["device"] = "cuda:0";
        run->environment["device"] = {{"name", run == &one ? "A100" : "H200"}};
    }
    EXPECT_EQ(
        metric(runs_.compare(runs_.add(one), runs_.add(other)), "decode_tokens_per_second").refusal,
        "other device: A100 and H200");
}

TEST_F(Comparing, OtherTextsAndProtocolsIsRefusedForAccuracyOnly) {
    const std::vector<std::pair<const char*, nlohmann::json>> changes{
        {"text_hash", "78"}, {"protocol", "strided"}, {"context", 1024}};
    for (const auto& [field, value] : changes) {
        const std::string key = field;
        const nlohmann::json changed = value;
        const Comparison found = altered([&](NewRun& run) { run.workload[key] = changed; });
        EXPECT_THAT(metric(found, "perplexity").refusal, HasSubstr("other ")) << key;
        EXPECT_THAT(metric(found, "decode_tokens_per_second").refusal, IsEmpty()) << key;
    }
    // Without hashes the names must do.
    const Comparison unhashed = altered([](NewRun& run) {
        run.workload.erase("text_hash");
        run.workload["text"] = "letters.txt";
    });
    EXPECT_EQ(metric(unhashed, "perplexity").refusal, "other text: bundled and letters.txt");
}

TEST_F(Comparing, StrideMattersOnlyWhereItIsUsed) {
    EXPECT_THAT(
        metric(altered([](NewRun& run) { run.workload["stride"] = 128; }), "perplexity").refusal,
        IsEmpty());
    NewRun a = MeasuredRuns::what(), b = MeasuredRuns::what("int8");
    a.workload["protocol"] = b.workload["protocol"] = "strided";
    b.workload["stride"] = 128;
    EXPECT_EQ(metric(runs_.compare(runs_.add(a), runs_.add(b)), "perplexity").refusal,
              "other stride: 256 and 128");
}

TEST_F(Comparing, OtherVocabulariesIsRefused) {
    const Comparison found = altered([](NewRun& run) { run.model["config"]["n_vocab"] = 49152; });
    EXPECT_EQ(metric(found, "perplexity").refusal, "other vocabulary size: 259 and 49152");
}

TEST_F(Comparing, WindowsThatScoreOtherTokensIsRefused) {
    const std::int64_t baseline = runs_.add(MeasuredRuns::what());
    const std::int64_t other = runs_.store().begin_run(MeasuredRuns::what("int8"));
    runs_.store().add_sample(other, {0, "accuracy", {{"nll_sum", 700}, {"scored", 256}}, nullptr});
    runs_.store().set_metric(other, "perplexity", {15, 15, 15, 1, ""});
    EXPECT_THAT(metric(runs_.compare(baseline, other), "perplexity").refusal,
                HasSubstr("255 and 256 scored tokens"));
}

// Bits per byte of the same text: windows of another tokeniser hold other tokens and other bytes of
// it.
TEST_F(Comparing, OtherTokenisersIsOfIndependentWindows) {
    const auto with_bytes = [this](NewRun what, double nats, double scored, double bytes) {
        const std::int64_t run = runs_.add(what);
        for (int window = 0; window < 6; ++window)
            runs_.store().add_sample(
                run, {window,
                      "accuracy",
                      {{"nll_sum", scored * (nats + ((window + run) % 3 == 0 ? 0.01 : 0))},
                       {"scored", scored},
                       {"scored_bytes", bytes + window}},
                      nullptr});
        runs_.store().set_metric(run, "bits_per_byte", {1, 1, 1, 6, "bits"});
        return run;
    };
    NewRun other = MeasuredRuns::what("int8");
    other.model["config"]["n_vocab"] = 49152;
    const std::int64_t baseline = with_bytes(MeasuredRuns::what(), 3, 255, 1000);
    const Comparison found = runs_.compare(baseline, with_bytes(other, 4, 170, 1000));
    EXPECT_EQ(metric(found, "perplexity").refusal, "other vocabulary size: 259 and 49152");
    const ComparedMetric bits = metric(found, "bits_per_byte");
    EXPECT_EQ(bits.refusal, "");
    EXPECT_NEAR(bits.ratio.value, 4.0 * 170 / (3 * 255), 0.02);
    EXPECT_EQ(bits.verdict, "better");
    EXPECT_THAT(found.warnings, Contains(HasSubstr("other tokenisers")));

    NewRun same = MeasuredRuns::what("int8");
    const Comparison alike = runs_.compare(baseline, with_bytes(same, 3.3, 255, 1000));
    EXPECT_NEAR(metric(alike, "bits_per_byte").ratio.value, 1.1, 0.01);
    EXPECT_THAT(alike.warnings, Not(Contains(HasSubstr("other tokenisers"))));
    NewRun text = other;
    text.workload["text_hash"] = "88";
    EXPECT_THAT(
        metric(runs_.compare(baseline, with_bytes(text, 4, 170, 1000)), "bits_per_byte").refusal,
        HasSubstr("other text"));
}

TEST_F(Comparing, AFigureThatOneRunLacksIsRefused) {
    const std::int64_t baseline = runs_.add(MeasuredRuns::what());
    const std::int64_t other = runs_.store().begin_run(MeasuredRuns::what("int8"));
    runs_.store().finish_run(other, "failed", "the worker was killed by SIGKILL", 1);
    const Comparison found = runs_.compare(baseline, other);
    EXPECT_EQ(metric(found, "decode_tokens_per_second").refusal,
              "run " + std::to_string(other) + " has no such figure");
    EXPECT_THAT(warning_lines({&found, 1}),
                Contains("run " + std::to_string(other) +
                         ": failed: the figures are of a part of the run"));
}

TEST_F(Comparing, OtherMachinesIsRefusedForSpeedAndMemoryOnly) {
    const std::vector<std::tuple<const char*, nlohmann::json, std::string>> changes{
        {"hostname", "bench-2", "other machine: bench-1 and bench-2"},
        {"cpu", "Other CPU", "other processor: Example CPU and Other CPU"},
        {"isa", "AVX-512", "other instruction set: AVX2 and AVX-512"}};
    for (const auto& [field, value, reason] : changes) {
        const std::string key = field;
        const nlohmann::json changed = value;
        const Comparison found = altered([&](NewRun& run) { run.environment[key] = changed; });
        for (const char* id : {"decode_tokens_per_second", "load_seconds", "peak_memory"})
            EXPECT_EQ(metric(found, id).refusal, reason) << id;
        EXPECT_THAT(metric(found, "perplexity").refusal, IsEmpty()) << key;
        EXPECT_THAT(metric(found, "model_bytes").refusal, IsEmpty()) << key;
        EXPECT_THAT(found.warnings, Contains(reason))
            << "accuracy is compared, and differs by rounding";
    }
}

TEST_F(Comparing, OtherThreadCountsIsRefusedForSpeedAndMemoryOnly) {
    const Comparison found = altered([](NewRun& run) { run.target["threads"] = 4; });
    EXPECT_EQ(metric(found, "decode_tokens_per_second").refusal, "other thread count: 2 and 4");
    EXPECT_EQ(metric(found, "peak_memory").refusal, "other thread count: 2 and 4");
    EXPECT_THAT(metric(found, "perplexity").refusal, IsEmpty());
    // A run that never learnt how many 0 stood for says nothing of threads.
    EXPECT_THAT(
        metric(altered([](NewRun& run) { run.target["threads"] = 0; }), "peak_memory").refusal,
        IsEmpty());
}

TEST_F(Comparing, OtherKindsOfBuildIsRefusedForSpeedOnly) {
    const Comparison found = altered([](NewRun& run) { run.environment["build_type"] = "Debug"; });
    EXPECT_EQ(metric(found, "decode_tokens_per_second").refusal,
              "other build type: Release and Debug");
    EXPECT_EQ(metric(found, "load_seconds").refusal, "other build type: Release and Debug");
    EXPECT_THAT(metric(found, "peak_memory").refusal, IsEmpty());
    EXPECT_THAT(metric(found, "perplexity").refusal, IsEmpty());
    EXPECT_THAT(found.warnings, Contains("other build type: Release and Debug"));
}

TEST_F(Comparing, WhatARunDoesNotSayIsNotRefused) {
    const Comparison found = altered([](NewRun& run) {
        run.environment = {{"hone_version", "0.1.0"}};
    });
    for (const ComparedMetric& compared : found.metrics)
        EXPECT_THAT(compared.refusal, IsEmpty()) << compared.id;
}

TEST_F(Comparing, WarnsOfWhatDiffersAndDoesNotForbid) {
    const Comparison found = altered([](NewRun& run) {
        run.environment["hone_version"] = "0.2.0";
        run.environment["governor"] = "powersave";
        run.environment["compiler"] = "Clang 16.0.0";
        run.environment["libraries"] = {{"fmt", "9.1.0"}, {"glibc", "2.37"}, {"new", "1"}};
        run.workload["seed"] = 2;
        run.model_hash = "other";
    });
    EXPECT_THAT(found.warnings, Contains("other version of Hone: 0.1.0 and 0.2.0"));
    EXPECT_THAT(found.warnings, Contains("other frequency governor: performance and powersave"));
    EXPECT_THAT(found.warnings, Contains("other compiler: GNU 12.2.0 and Clang 16.0.0"));
    EXPECT_THAT(found.warnings, Contains("other glibc: 2.36 and 2.37"));
    EXPECT_THAT(found.warnings, Not(Contains(HasSubstr("new"))));
    EXPECT_THAT(found.warnings, Contains(HasSubstr("other model")));
    EXPECT_THAT(metric(found, "decode_tokens_per_second").refusal, IsEmpty());
    const Comparison commits =
        altered([](NewRun& run) { run.environment["commit"] = "ba9876543210"; });
    EXPECT_THAT(commits.warnings, Contains("other commit of Hone: 0123456789ab and ba9876543210"));
    EXPECT_THAT(metric(commits, "decode_tokens_per_second").refusal, IsEmpty());
}

// Rounds of a series: what one candidate did in a round pairs with what another did in it.
TEST_F(Comparing, CandidatesOfOneBaselineIsPairedWhereTheyShareRounds) {
    const std::int64_t baseline = runs_.add(MeasuredRuns::what());
    const std::int64_t first = runs_.add(paired(baseline)),
                       second = runs_.add(paired(baseline, "int4"), 1.5);
    const Comparison found = runs_.compare(first, second);
    EXPECT_TRUE(found.interleaved);
    EXPECT_THAT(found.warnings, Not(Contains(HasSubstr("not interleaved"))));
    EXPECT_EQ(metric(found, "decode_tokens_per_second").ratio.n, 7);

    const std::int64_t later = runs_.store().begin_run(paired(baseline, "int4"));
    for (int i = 7; i < 10; ++i)
        runs_.store().add_sample(
            later, {i, "repetition", {{"decode_tokens_per_second", 150.0 + i}}, nullptr});
    runs_.store().set_metric(later, "decode_tokens_per_second", {150, 149, 151, 3, "tok/s"});
    EXPECT_FALSE(runs_.compare(first, later).interleaved) << "another block's rounds";
    const std::int64_t apart = runs_.add(paired(baseline, "int4"), 1.5);
    runs_.store().set_fact(apart, RunFact::measured_apart);
    EXPECT_FALSE(runs_.compare(first, apart).interleaved);
    EXPECT_FALSE(runs_.compare(apart, first).interleaved);
    const std::int64_t other = runs_.add(MeasuredRuns::what());
    EXPECT_FALSE(runs_.compare(first, runs_.add(paired(other))).interleaved);
}

// A hash covers the metadata from its second version on: of two versions it says nothing.
TEST_F(Comparing, HashesOfTwoVersionsDoNotSayThatModelsDiffer) {
    const Comparison found = altered([](NewRun& run) {
        run.model["hash_version"] = 2;
        run.model_hash = "other";
    });
    EXPECT_THAT(found.warnings, Contains(HasSubstr("perhaps another model")));
    EXPECT_THAT(found.warnings, Not(Contains(HasSubstr("two checkpoints are called"))));
}

TEST_F(Comparing, WarnsOfOtherPromptsAndOfABusyMachine) {
    NewRun first = MeasuredRuns::what(), second = MeasuredRuns::what("int8");
    first.workload["seed"] = 1;
    second.workload["seed"] = 2;
    second.environment["load_average"] = {6.0, 5.0, 4.0};
    const std::int64_t baseline = runs_.add(first), candidate = runs_.add(second);
    const Comparison found = runs_.compare(baseline, candidate);
    EXPECT_THAT(found.warnings, Contains("other seed of the prompts: 1 and 2"));
    EXPECT_THAT(warning_lines({&found, 1}),
                Contains("run " + std::to_string(candidate) +
                         ": the machine was busy at the beginning: load 6.0 on 4 processors"));
    EXPECT_THAT(metric(found, "decode_tokens_per_second").refusal, IsEmpty());
}

TEST_F(Comparing, WarnsOfAnUnstableWarmUpAndOfFewerWindows) {
    const std::int64_t baseline = runs_.add(MeasuredRuns::what());
    const std::int64_t candidate = runs_.add(paired(baseline));
    runs_.store().set_fact(candidate, RunFact::unstable_warmup);
    runs_.store().add_sample(candidate,
                             {6, "accuracy", {{"nll_sum", 765}, {"scored", 255}}, nullptr});
    const Comparison found = runs_.compare(baseline, candidate);
    EXPECT_THAT(warning_lines({&found, 1}),
                Contains("run " + std::to_string(candidate) + ": unstable warm-up"));
    EXPECT_THAT(found.warnings, Contains(HasSubstr("6 and 7 windows")));
    EXPECT_EQ(metric(found, "perplexity").ratio.n, 6);
}

TEST_F(Comparing, SeveralSaysOnceWhatTheyShare) {
    const std::vector<Comparison> pairs{
        {.baseline = 1, .candidate = 2, .warnings = {"other seed"}, .run_warnings = {{1, "busy"}}},
        {.baseline = 1,
         .candidate = 3,
         .warnings = {"other seed", "not interleaved"},
         .run_warnings = {{1, "busy"}, {3, "busy"}, {3, "unstable warm-up"}}},
        {.baseline = 1, .candidate = 4, .warnings = {"other seed", "not interleaved"}}};
    EXPECT_THAT(warning_lines(pairs),
                testing::ElementsAre("other seed", "runs 3, 4: not interleaved", "runs 1, 3: busy",
                                     "run 3: unstable warm-up"));
    const Comparison both{
        .baseline = 1, .candidate = 2, .run_warnings = {{1, "busy"}, {2, "busy"}}};
    EXPECT_THAT(warning_lines({&both, 1}), testing::ElementsAre("both runs: busy"));
}

TEST_F(Comparing, CandidatesOfOneBaselineComparesTheirDivergence) {
    const std::int64_t baseline = runs_.add(MeasuredRuns::what());
    const std::int64_t first = runs_.add(paired(baseline, "int8"), 1, 0, 0.01);
    const std::int64_t second = runs_.add(paired(baseline, "int4"), 1, 0, 0.03);
    const ComparedMetric kl = metric(runs_.compare(first, second), "kl_divergence");
    EXPECT_NEAR(kl.ratio.value, 3, 1e-9);
    EXPECT_EQ(kl.verdict, "worse");
    EXPECT_EQ(metric(runs_.compare(first, second), "top1_agreement").verdict, "cannot tell");

    NewRun other_baseline = MeasuredRuns::what();
    other_baseline.model_hash = "another";
    const std::int64_t third = runs_.add(paired(runs_.add(other_baseline), "int4"), 1, 0, 0.03);
    EXPECT_EQ(metric(runs_.compare(first, third), "kl_divergence").refusal,
              "measured against different baselines");
}

TEST_F(Comparing, RepetitionsWithoutPositiveFiguresIsRefused) {
    const std::int64_t baseline = runs_.add(MeasuredRuns::what());
    const std::int64_t candidate = runs_.add(paired(baseline));
    runs_.store().add_sample(baseline,
                             {7, "repetition", {{"decode_tokens_per_second", 100}}, nullptr});
    runs_.store().add_sample(candidate,
                             {7, "repetition", {{"decode_tokens_per_second", 0}}, nullptr});
    EXPECT_THAT(metric(runs_.compare(baseline, candidate), "decode_tokens_per_second").refusal,
                HasSubstr("without a positive figure"));
}

TEST_F(Comparing, AShareOfNothingHasADifferenceAndNoRatio) {
    const std::int64_t baseline = runs_.add(MeasuredRuns::what());
    const std::int64_t candidate = runs_.add(paired(baseline)), same = runs_.add(paired(baseline));
    for (const auto& [run, share] : {std::pair{baseline, 0.0}, {candidate, 0.125}, {same, 0.0}}) {
        runs_.store().add_sample(run, {7, "repetition", {{"padding_share", share}}, nullptr});
        runs_.store().set_metric(run, "padding_share", {share, share, share, 1, {}});
    }
    EXPECT_EQ(metric(runs_.compare(baseline, candidate), "padding_share").refusal,
              "a share of 0 has no ratio; 0.0 % and 12.5 % differ by +12.5 points");
    EXPECT_EQ(metric(runs_.compare(baseline, same), "padding_share").refusal, "none on both sides");
}

}  // namespace
}  // namespace hone::profiler
