// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "profiler/statistics/metrics.h"
#include "tests/paths/paths.h"

namespace hone::profiler {
namespace {

TEST(Metrics, AreDefinedOnceEach) {
    std::set<std::string_view> ids;
    for (const MetricDefinition& metric : metric_definitions()) {
        EXPECT_TRUE(ids.insert(metric.id).second) << metric.id;
        EXPECT_FALSE(metric.title.empty());
        EXPECT_TRUE(metric.definition.ends_with('.')) << metric.id;
        EXPECT_EQ(find_metric(metric.id), &metric);
    }
    for (const char* id : {"prefill_tokens_per_second", "decode_tokens_per_second", "total_tokens_per_second",
                           "time_to_first_token", "time_per_output_token", "total_seconds", "load_seconds",
                           "peak_memory", "model_bytes", "perplexity", "kl_divergence", "top1_agreement"})
        EXPECT_TRUE(ids.contains(id)) << id;
    EXPECT_EQ(find_metric("tokens"), nullptr);
}

// With HONE_UPDATE_DOCS set the page is written instead of compared.
TEST(Metrics, PageIsMadeFromTheDefinitions) {
    const std::string path = test::source_dir() + "/docs/metrics.md";
    if (std::getenv("HONE_UPDATE_DOCS") != nullptr) std::ofstream(path) << metrics_markdown();
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    EXPECT_EQ(text.str(), metrics_markdown())
        << "run this test with HONE_UPDATE_DOCS=1 and commit docs/metrics.md";
}

}  // namespace
}  // namespace hone::profiler
