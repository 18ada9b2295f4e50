// SPDX-License-Identifier: Apache-2.0
// What the first review found about verdicts, one test a case. Right values are arithmetic: the
// reciprocal of a ratio's interval.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "profiler/report/shown_ratio.h"
#include "profiler/statistics/metrics.h"
#include "tests/report/measured_runs.h"

namespace hone::profiler {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

ShownRatio shown(const std::string& id, double value, double low, double high) {
    const Estimate ratio{value, low, high, 7};
    const MetricDefinition& metric = *find_metric(id);
    return shown_ratio(
        {id, ratio, ratio, std::string(verdict(metric.kind, metric.direction, ratio)), {}});
}

std::string line(const ShownRatio& ratio) {
    return verdict_phrase(ratio) + " " + ratio.interval;
}

// "First token ▲ 1.13 × faster 0.820–0.961 ×", "Per token ▲ 1.77 × faster 0.530–0.600 ×", "Duration
// ▲ 1.60 × faster 0.590–0.660 ×".
TEST(Verdicts, ALatencysIntervalPointsTheWayItsEstimateDoes) {
    EXPECT_EQ(line(shown("time_to_first_token", 1 / 1.13, 0.820, 0.961)),
              "▲ 1.13 × faster 1.04–1.22 ×");
    EXPECT_EQ(line(shown("time_per_output_token", 1 / 1.77, 0.530, 0.600)),
              "▲ 1.77 × faster 1.67–1.89 ×");
    EXPECT_EQ(line(shown("total_seconds", 1 / 1.60, 0.590, 0.660)), "▲ 1.60 × faster 1.52–1.69 ×");
    EXPECT_EQ(line(shown("time_to_first_token", 1.25, 1.20, 1.30)), "▼ 1.25 × slower 1.20–1.30 ×");
}

// The same fault in the other direction: a speed that fell.
TEST(Verdicts, ASlowerSpeedsIntervalDoesToo) {
    EXPECT_EQ(line(shown("decode_tokens_per_second", 0.8, 0.75, 0.85)),
              "▼ 1.25 × slower 1.18–1.33 ×");
}

// "▲ 61.2 % smaller": an arrow up for less; "▼ 26.3 % worse" beside "+24.1 … +28.6 %".
TEST(Verdicts, ArrowsGoWithTheirWord) {
    EXPECT_EQ(line(shown("peak_memory", 0.388, 0.385, 0.391)), "▼ 61.2 % smaller 60.9–61.5 %");
    EXPECT_EQ(line(shown("peak_memory", 1.06, 1.05, 1.07)), "▲ 6.00 % larger 5.00–7.00 %");
    EXPECT_EQ(line(shown("perplexity", 1.263, 1.241, 1.286)), "▼ 26.3 % worse 24.1–28.6 %");
    EXPECT_EQ(line(shown("perplexity", 0.9, 0.88, 0.92)), "▲ 10.0 % better 8.00–12.0 %");
    EXPECT_EQ(line(shown("top1_agreement", 0.95, 0.94, 0.96)), "▼ 5.00 % worse 4.00–6.00 %");
}

// "1.01–1.08 ×, cannot tell": the 95 % interval stood beside a verdict of the 99 % one.
TEST(Verdicts, CannotTellStandsBesideTheIntervalThatSaysSo) {
    ComparedMetric metric{"decode_tokens_per_second",
                          {1.045, 1.01, 1.08, 7},
                          {1.045, 0.99, 1.10, 7},
                          "cannot tell",
                          {}};
    EXPECT_EQ(line(shown_ratio(metric)), "● cannot tell 0.990–1.10 ×");
    EXPECT_EQ(shown_ratio(metric).reason, "the 99 % interval 0.990–1.10 × includes 1");
}

// Never "inf ×": a figure of nothing, of no number or beyond all numbers has no ratio to another.
TEST(Verdicts, FiguresWithoutARatioAreNotComparable) {
    for (const double figure : {0.0, -1.0, std::nan(""), std::numeric_limits<double>::infinity(),
                                std::numeric_limits<double>::denorm_min(), 1e308}) {
        for (const bool of_baseline : {true, false}) {
            MeasuredRuns runs;
            std::int64_t ids[2];
            for (std::int64_t& id : ids) {
                id = runs.store().begin_run(MeasuredRuns::what());
                const bool odd = (&id == &ids[0]) == of_baseline;
                const double value = odd ? figure : 100;
                for (int i = 0; i < 3; ++i)
                    runs.store().add_sample(
                        id, {i,
                             "repetition",
                             {{"decode_tokens_per_second", value * (1 + 0.001 * i)}},
                             {}});
                runs.store().set_metric(id, "decode_tokens_per_second",
                                        {value, value, value, 3, "tok/s"});
                runs.store().set_metric(id, "model_bytes", {value, value, value, 1, "bytes"});
                runs.store().add_sample(
                    id,
                    {0, "accuracy", {{"nll_sum", odd ? figure * 1000 : 700}, {"scored", 255}}, {}});
                runs.store().set_metric(id, "perplexity", {value, value, value, 1, ""});
                runs.store().finish_run(id, "done", "", 1);
            }
            for (const ComparedMetric& found : runs.compare(ids[0], ids[1]).metrics) {
                SCOPED_TRACE(found.id + " " + std::to_string(figure));
                const ShownRatio ratio = shown_ratio(found);
                for (const std::string& text :
                     {verdict_phrase(ratio), ratio.estimate, ratio.interval, ratio.reason}) {
                    EXPECT_THAT(text, testing::Not(HasSubstr("inf")));
                    EXPECT_THAT(text, testing::Not(HasSubstr("nan")));
                }
                if (ratio.form == ShownRatio::Form::none) {
                    EXPECT_EQ(verdict_phrase(ratio), "not comparable");
                    EXPECT_THAT(ratio.reason, testing::Not(IsEmpty()));
                } else {
                    EXPECT_TRUE(std::isfinite(ratio.low) && std::isfinite(ratio.high));
                }
            }
        }
    }
}

// Two files that call themselves alike are told apart by their hash.
TEST(Verdicts, RunsOfDifferentCheckpointsWarn) {
    MeasuredRuns runs;
    NewRun other = MeasuredRuns::what("int8");
    other.model_hash = "77aa00112233";
    const std::int64_t baseline = runs.add(MeasuredRuns::what());
    EXPECT_THAT(
        runs.compare(baseline, runs.add(other)).warnings,
        Contains("other model: two checkpoints are called Tiny (hashes 3f9a and 77aa0011)"));
    EXPECT_THAT(runs.compare(baseline, runs.add(MeasuredRuns::what("int8"))).warnings,
                testing::Not(Contains(HasSubstr("other model"))));
}

// Memory in the window, the command line and Markdown has one unit.
TEST(Verdicts, MarkdownGivesMemoryInMegabytes) {
    MeasuredRuns runs;
    const std::int64_t run = runs.add(MeasuredRuns::what(), 1, 0, 0, 500'000'000);
    const std::string text = export_runs(runs.store(), {runs.load(run)}, ReportFormat::markdown);
    EXPECT_THAT(text, HasSubstr("Peak memory (MB)"));
    EXPECT_THAT(text, HasSubstr("| 500 |"));
    EXPECT_THAT(text, testing::Not(HasSubstr("MiB")));
}

}  // namespace
}  // namespace hone::profiler
