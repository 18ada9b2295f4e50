// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "profiler/statistics/metric_rows.h"
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
    for (const char* id :
         {"prefill_tokens_per_second", "decode_tokens_per_second", "total_tokens_per_second",
          "time_to_first_token", "time_per_output_token", "total_seconds", "load_seconds",
          "peak_memory", "model_bytes", "perplexity", "kl_divergence", "top1_agreement"})
        EXPECT_TRUE(ids.contains(id)) << id;
    EXPECT_EQ(find_metric("tokens"), nullptr);
}

// What no compiler sees of a row: that its fields go together.
TEST(Metrics, RowsAreWhole) {
    std::set<std::string_view> filters, columns;
    std::map<Role, int> roles;
    for (const MetricDefinition& metric : metric_definitions()) {
        SCOPED_TRACE(metric.id);
        EXPECT_EQ(metric.source == Source::windows,
                  !metric.window.sum.empty() && !metric.window.over.empty());
        EXPECT_EQ(metric.source == Source::memory, !metric.memory_class.empty());
        if (metric.needs(condition::baseline)) {
            EXPECT_TRUE(metric.source == Source::windows && metric.of_itself);
        }
        if (metric.column_shown) {
            EXPECT_FALSE(metric.column.empty());
        }
        if (!metric.column.empty()) {
            EXPECT_TRUE(columns.insert(metric.column).second);
        }
        for (const std::string_view name : metric.filter_names)
            if (!name.empty()) {
                EXPECT_TRUE(filters.insert(name).second) << name;
            }
        ++roles[metric.role];
    }
    for (const Role role :
         {Role::speed, Role::accuracy, Role::divergence, Role::duration, Role::token_time})
        EXPECT_EQ(roles[role], 1);
    EXPECT_EQ(static_cast<int>(columns.size()), kMetricColumns);
}

TEST(Metrics, HaveAxesAndWords) {
    const auto axis = [](const char* id) { return axis_scale(*find_metric(id)); };
    EXPECT_EQ(axis("peak_memory").scale, 1e-6);
    EXPECT_EQ(axis("peak_memory").unit, "MB");
    EXPECT_EQ(axis("time_to_first_token").unit, "ms");
    EXPECT_EQ(axis("top1_agreement").scale, 100);
    EXPECT_EQ(axis("kl_divergence").unit, "nats");
    EXPECT_EQ(axis("perplexity").unit, "");
    EXPECT_EQ(metric_word("Peak memory"), "peak memory");
    EXPECT_EQ(metric_word("KL divergence"), "KL divergence");
    EXPECT_EQ(metric_word(""), "");
}

TEST(Metrics, OfWindowsAreTheirTotals) {
    WindowTotals totals;
    EXPECT_TRUE(totals.estimates().empty());
    totals.add({{"nll_sum", 20}, {"scored", 10}, {"kl_sum", 0}, {"top1_agreeing", 0}}, false);
    totals.add({{"nll_sum", 90}, {"scored", 30}, {"kl_sum", 3}, {"top1_agreeing", 30}}, true);
    const auto found = totals.estimates();
    EXPECT_EQ(totals.windows(), 2);
    EXPECT_NEAR(found.at("perplexity").value, std::exp(110.0 / 40), 1e-12);
    EXPECT_EQ(found.at("perplexity").n, 2);
    // A window that was not compared tells nothing of either.
    EXPECT_NEAR(found.at("kl_divergence").value, 0.1, 1e-12);
    EXPECT_EQ(found.at("top1_agreement").value, 1);
    EXPECT_FALSE(found.contains("bits_per_byte")) << "no window says how many bytes it has";
    totals.add({{"nll_sum", 60}, {"scored", 30}, {"kl_sum", 3}, {"top1_agreeing", 27}}, true);
    EXPECT_LE(totals.estimates().at("top1_agreement").high, 1) << "a share is at most one";
    totals.add({{"nll_sum", 60}}, true);
    EXPECT_EQ(totals.estimates().at("perplexity").n, 3)
        << "a window without the number of its tokens";
}

TEST(Metrics, BitsPerByteAreTotalsOverTheWindowsThatHaveBytes) {
    WindowTotals totals;
    totals.add({{"nll_sum", std::log(2) * 30}, {"scored", 10}, {"scored_bytes", 40}}, false);
    totals.add({{"nll_sum", std::log(2) * 50}, {"scored", 10}, {"scored_bytes", 60}}, false);
    totals.add({{"nll_sum", 1000}, {"scored", 10}}, false);
    const Estimate bits = totals.estimates().at("bits_per_byte");
    EXPECT_NEAR(bits.value, 0.8, 1e-12);
    EXPECT_EQ(bits.n, 2);
}

TEST(Metrics, KeepTheFiguresOfWindowsOnceEach) {
    const std::vector<std::string> names = window_figures();
    EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), names.size());
    for (const char* name : {"nll_sum", "scored", "kl_sum", "top1_agreeing"})
        EXPECT_EQ(std::count(names.begin(), names.end(), name), 1) << name;
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
