// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <regex>

#include "profiler/report/shown_ratio.h"
#include "profiler/statistics/metrics.h"
#include "tests/report/measured_runs.h"

namespace hone::profiler {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;

ComparedMetric compared(const std::string& id, Estimate ratio) {
    const MetricDefinition& metric = *find_metric(id);
    return {id, ratio, ratio, std::string(verdict(metric.kind, metric.direction, ratio)), {}};
}

// Every number in a text as it was printed: "−1.2 … +3,400 %" is −1.2 and 3400.
std::vector<double> numbers(std::string text) {
    text = std::regex_replace(text, std::regex("−"), "-");
    text = std::regex_replace(text, std::regex("–"), " ");
    text = std::regex_replace(text, std::regex(","), "");
    std::vector<double> found;
    const std::regex number(R"([-+]?\d+(\.\d+)?(e[-+]\d+)?)");
    for (std::sregex_iterator it(text.begin(), text.end(), number), end; it != end; ++it)
        found.push_back(std::stod(it->str()));
    return found;
}

const std::vector<Estimate> kRatios{{0.885, 0.82, 0.961, 7},
                                    {1.13, 1.04, 1.22, 7},
                                    {0.565, 0.53, 0.6, 7},
                                    {2.46, 2.39, 2.52, 9},
                                    {0.388, 0.385, 0.391, 7},
                                    {1.0004, 1.0001, 1.0007, 300},
                                    {0.9996, 0.9993, 0.9999, 300},
                                    {1.02, 0.98, 1.07, 7},
                                    {0.98, 0.93, 1.02, 7},
                                    {1, 1, 1, 7},
                                    {1, 1, 1, 1},
                                    {0.5, 0.5, 0.5, 2},
                                    {2, 2, 2, 1},
                                    {1234.5, 1200, 1300, 7},
                                    {0.0012, 0.001, 0.0014, 7},
                                    {1e-7, 1e-8, 1e-6, 7},
                                    {1e9, 1e8, 1e10, 7},
                                    {1, 1e-6, 1e6, 2},
                                    {0.99999, 0.99998, 1.00001, 40},
                                    {1.00495, 1.0044, 1.0051, 9}};

// The property that was broken for every latency: whatever is shown of a ratio points one way.
TEST(ShownRatio, EstimateLiesInItsIntervalAndWordArrowAndFiguresAgree) {
    for (const MetricDefinition& metric : metric_definitions()) {
        for (const Estimate& ratio : kRatios) {
            const ShownRatio shown = shown_ratio(compared(std::string(metric.id), ratio));
            SCOPED_TRACE(fmt::format("{}: {} in {}–{} is “{}”, {}", metric.id, ratio.value,
                                     ratio.low, ratio.high, verdict_phrase(shown), shown.interval));
            EXPECT_LE(shown.low, shown.value);
            EXPECT_LE(shown.value, shown.high);
            const std::vector<double> estimate = numbers(shown.estimate),
                                      ends = numbers(shown.interval);
            ASSERT_EQ(estimate.size(), 1u);
            EXPECT_EQ(ends.size(), ratio.high > ratio.low && !shown.too_few ? 2u : 0u);
            if (ends.size() == 2) {
                EXPECT_LE(ends[0], estimate[0]);
                EXPECT_LE(estimate[0], ends[1]);
            }
            const double none = shown.form == ShownRatio::Form::factor ? 1 : 0;
            if (!shown.good && !shown.bad) {
                EXPECT_EQ(shown.arrow, "●");
                EXPECT_THAT(shown.reason, testing::Not(IsEmpty()));
                if (ends.size() == 2) {
                    EXPECT_LE(ends[0], none);
                    EXPECT_GE(ends[1], none);
                }
                continue;
            }
            // In the direction of the word everything is more than nothing, as printed too.
            EXPECT_GT(shown.low, none);
            EXPECT_GT(estimate[0], none);
            if (ends.size() == 2) {
                EXPECT_GT(ends[0], none);
            }
            const bool up =
                shown.word == "faster" || shown.word == "better" || shown.word == "larger";
            EXPECT_EQ(shown.arrow, up ? "▲" : "▼");
            EXPECT_THAT(verdict_phrase(shown), EndsWith(shown.word));
            // What the word says of the figure itself.
            const bool rose = ratio.value > 1;
            const bool good = metric.direction == Direction::higher_is_better ? rose : !rose;
            EXPECT_EQ(shown.good, good);
            EXPECT_EQ(shown.bad, !good);
            EXPECT_DOUBLE_EQ(shown.value, shown.form == ShownRatio::Form::percent
                                              ? 100 * std::abs(ratio.value - 1)
                                          : rose ? ratio.value
                                                 : 1 / ratio.value);
        }
    }
}

TEST(ShownRatio, SaysWhyItCannotTell) {
    const auto reason = [](const std::string& id, Estimate ratio) {
        return shown_ratio(compared(id, ratio)).reason;
    };
    EXPECT_EQ(reason("decode_tokens_per_second", {1.04, 0.992, 1.1, 7}),
              "the 99 % interval 0.992–1.10 × includes 1");
    EXPECT_EQ(reason("perplexity", {1.01, 0.98, 1.05, 7}),
              "the 99 % interval −2.00 … +5.00 % includes 0");
    EXPECT_EQ(reason("decode_tokens_per_second", {1.5, 1.5, 1.5, 1}),
              "one sample gives no interval");
    EXPECT_EQ(reason("load_seconds", {1.5, 1.5, 1.5, 1}), "measured once a run");
    EXPECT_EQ(reason("model_bytes", {1, 1, 1, 2}), "the two are equal");
    EXPECT_THAT(reason("peak_memory", {0.388, 0.385, 0.391, 7}), IsEmpty());
}

// The interval beside a verdict is the one that decides it: with 95 % alone "1.01–1.08 ×, cannot
// tell" reads as a mistake.
TEST(ShownRatio, ShowsTheIntervalThatDecides) {
    ComparedMetric metric = compared("decode_tokens_per_second", {1.04, 0.99, 1.1, 7});
    metric.ratio = {1.04, 1.01, 1.08, 7};
    EXPECT_EQ(shown_ratio(metric).interval, "0.990–1.10 ×");
    MeasuredRuns runs;
    const std::int64_t baseline = runs.add(MeasuredRuns::what());
    for (const double speed : {1.0, 1.001, 1.003, 1.005, 1.01, 1.02, 1.5}) {
        const Comparison found =
            runs.compare(baseline, runs.add(MeasuredRuns::what("int8"), speed, speed / 500));
        for (const ComparedMetric& each : found.metrics) {
            SCOPED_TRACE(fmt::format("{} at {}", each.id, speed));
            EXPECT_DOUBLE_EQ(each.decides.value, each.ratio.value);
            EXPECT_LE(each.decides.low, each.ratio.low);
            EXPECT_GE(each.decides.high, each.ratio.high);
            const bool decided = each.verdict != "cannot tell";
            EXPECT_EQ(decided,
                      (each.decides.low > 1 || each.decides.high < 1) && each.decides.n >= 2);
        }
    }
}

// Two repetitions that differ by a few per cent: 2e-40–6e+39 says less than these words.
TEST(ShownRatio, SaysThatSamplesAreTooFewWhereTheIntervalSaysNothing) {
    for (const char* id : {"decode_tokens_per_second", "time_to_first_token", "perplexity"}) {
        const ShownRatio shown = shown_ratio(compared(id, {0.83, 2e-40, 6e39, 2}));
        EXPECT_TRUE(shown.too_few);
        EXPECT_EQ(shown.interval, "too few samples");
        EXPECT_EQ(shown.reason, "2 samples are too few for an interval");
        EXPECT_EQ(verdict_phrase(shown), "● cannot tell");
        EXPECT_EQ(interval_phrase(shown), "● cannot tell: too few samples");
    }
    // One that decides says at least which way, and one that is narrow says how far.
    EXPECT_EQ(interval_phrase(shown_ratio(compared("perplexity", {40, 1.2, 1300, 2}))),
              "▼ 20.0–129,900 % worse");
    EXPECT_EQ(interval_phrase(shown_ratio(compared("perplexity", {1.01, 0.7, 1.5, 2}))),
              "● −30.0 … +50.0 % cannot tell");
    EXPECT_EQ(interval_phrase(shown_ratio(compared("model_bytes", {0.5, 0.5, 0.5, 2}))),
              "▼ 50.0 % smaller");
}

TEST(ShownRatio, HasNoneWhereThereIsNothingToCompare) {
    ComparedMetric refused = compared("decode_tokens_per_second", {1.5, 1.4, 1.6, 7});
    refused.refusal = "other device: cpu and cuda:0";
    const ShownRatio shown = shown_ratio(refused);
    EXPECT_EQ(shown.form, ShownRatio::Form::none);
    EXPECT_EQ(verdict_phrase(shown), "not comparable");
    EXPECT_EQ(shown.reason, "other device: cpu and cuda:0");
    EXPECT_THAT(shown.estimate + shown.interval, IsEmpty());
    EXPECT_THAT(verdict_phrase(shown_ratio({"no such metric", {}, {}, "faster", {}})), IsEmpty());
}

}  // namespace
}  // namespace hone::profiler
