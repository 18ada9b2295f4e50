// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/report/measured_runs.h"

namespace hone::profiler {
namespace {

TEST(Documents, OfARunHaveTheDocumentedShape) {
    MeasuredRuns runs;
    const std::int64_t id = runs.add(MeasuredRuns::what("int8"), 1.5);
    const nlohmann::json json = run_json(runs.load(id));
    EXPECT_EQ(json.at("id"), id);
    EXPECT_EQ(json.at("status"), "done");
    EXPECT_EQ(json.at("recipe").at(0).at("technique"), "quantize_weights");
    EXPECT_EQ(json.at("environment").at("cpu"), "Example CPU");
    const nlohmann::json& decode = json.at("metrics").at("decode_tokens_per_second");
    for (const char* key : {"value", "unit", "low", "high", "n"})
        EXPECT_TRUE(decode.contains(key)) << key;
    EXPECT_EQ(decode.at("unit"), "tok/s");
    EXPECT_EQ(decode.at("n"), 7);
    EXPECT_LT(decode.at("low"), decode.at("value"));
    EXPECT_EQ(json.at("memory").at("weights"), 250'000'000);
    EXPECT_EQ(json.at("memory").at("peak_resident"), 500'000'000);
}

TEST(Documents, OfAComparisonHaveTheDocumentedShape) {
    MeasuredRuns runs;
    const std::int64_t baseline = runs.add(MeasuredRuns::what());
    NewRun what = MeasuredRuns::what("int8");
    what.paired_with = baseline;
    nlohmann::json document;
    add_comparison(document, runs.compare(baseline, runs.add(what, 1.5)));
    const nlohmann::json& json = document.at("comparison");
    EXPECT_FALSE(document.contains("refusals"));
    for (const auto& [id, metric] : json.items())
        for (const char* key : {"ratio", "low", "high", "low_99", "high_99", "verdict"})
            EXPECT_TRUE(metric.contains(key)) << id << " " << key;
    EXPECT_EQ(json.at("decode_tokens_per_second").at("verdict"), "faster");
    EXPECT_EQ(json.at("perplexity").at("verdict"), "cannot tell");
}

TEST(Documents, OfAComparisonNameRefusalsAndWarnings) {
    MeasuredRuns runs;
    NewRun other = MeasuredRuns::what("int8");
    other.workload["context"] = 1024;
    nlohmann::json json;
    add_comparison(json, runs.compare(runs.add(MeasuredRuns::what()), runs.add(other)));
    EXPECT_FALSE(json.at("comparison").contains("perplexity"));
    EXPECT_EQ(json.at("refusals").at("perplexity"), "other context: 512 and 1024");
    EXPECT_EQ(json.at("warnings").size(), 1u);
}

}  // namespace
}  // namespace hone::profiler
