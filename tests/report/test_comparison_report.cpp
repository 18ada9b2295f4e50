// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <set>

#include "profiler/report/comparison_pictures.h"
#include "profiler/report/comparison_report.h"
#include "tests/report/measured_runs.h"

namespace hone::profiler {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::size_t count(const std::string& text, const std::string& part) {
    std::size_t found = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
        ++found;
    return found;
}

// Elements open and close in order, and hold what they may: no scripts, and nothing that is loaded.
void expect_harmless(const std::string& html) {
    static const std::set<std::string> known{
        "html",    "head",  "title",  "style", "body", "h1",   "h2",     "h3",   "p",
        "section", "table", "thead",  "tbody", "tr",   "th",   "td",     "span", "small",
        "ul",      "li",    "figure", "svg",   "text", "line", "circle", "rect", "meta"};
    const std::regex element(R"(<(/?)([A-Za-z][A-Za-z0-9]*)([^<>]*?)(/?)>)");
    std::vector<std::string> open;
    std::size_t seen = 0;
    for (std::sregex_iterator it(html.begin(), html.end(), element), end; it != end; ++it) {
        const std::string name = (*it)[2], attributes = (*it)[3];
        ++seen;
        EXPECT_TRUE(known.contains(name)) << it->str();
        EXPECT_THAT(attributes, AllOf(Not(HasSubstr("onerror")), Not(HasSubstr("src=")),
                                      Not(HasSubstr("href"))));
        if ((*it)[1] == "/") {
            ASSERT_FALSE(open.empty());
            EXPECT_EQ(open.back(), name);
            open.pop_back();
        } else if ((*it)[4] != "/" && name != "meta") {
            open.push_back(name);
        }
    }
    EXPECT_TRUE(open.empty());
    EXPECT_GT(seen, 50u);
    // Nothing that looks like a tag is none, but the document's type.
    EXPECT_EQ(count(html, "<"), seen + 1);
    for (const char* loading : {"url(", "@import", "javascript:", "<script", "<link", "<img"})
        EXPECT_THAT(html, Not(HasSubstr(loading)));
    EXPECT_EQ(count(html, "http"),
              count(html, "http-equiv") + count(html, "http://www.w3.org/2000/svg"));
}

ComparedRuns faster_and_worse(MeasuredRuns& runs) {
    const std::int64_t baseline = runs.add(MeasuredRuns::what());
    NewRun what = MeasuredRuns::what("int4");
    what.recipe = {{{"technique", "quantize_weights"}, {"options", {{"scheme", "int4"}}}}};
    what.paired_with = baseline;
    const std::int64_t first = runs.add(what, 2, 0.3, 0.05, 250'000'000);
    NewRun other = MeasuredRuns::what("longer prompts");
    other.workload["prompt_tokens"] = 4096;
    const std::int64_t second = runs.add(other, 1.5);
    return compare_runs(runs.store(), runs.load(baseline), {runs.load(first), runs.load(second)});
}

TEST(ComparisonReport, MarkdownSaysVerdictsIntervalsAndRefusals) {
    MeasuredRuns runs;
    const ComparedRuns compared = faster_and_worse(runs);
    const std::string text = comparison_report(compared, ComparisonFormat::markdown);
    EXPECT_THAT(text, HasSubstr("# Runs compared with run 1"));
    EXPECT_TRUE(std::regex_search(
        text, std::regex(R"(\| Decode \| [^|]*tok/s \| ▲ [0-9.]+ × faster \([0-9.]+–[0-9.]+ ×\))")))
        << text;
    EXPECT_THAT(text, HasSubstr("not comparable: other prompt length: "));
    EXPECT_THAT(text, HasSubstr("▼"));  // the perplexity
    EXPECT_THAT(text, HasSubstr("run 3: not interleaved"));
    EXPECT_THAT(text, HasSubstr("Each interval is of its own comparison"));
    // Each table's rows have as many cells as its head.
    std::size_t columns = 0;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = text.find('\n', at);
        const std::string line = text.substr(at, end - at);
        const std::size_t bars = count(line, "|") - count(line, "\\|");
        if (line.starts_with("|")) {
            EXPECT_TRUE(columns == 0 || bars == columns) << line;
            columns = bars;
        } else {
            columns = 0;
        }
        at = end + 1;
    }
}

TEST(ComparisonReport, CsvHasARowAMetricOfEachRun) {
    MeasuredRuns runs;
    const ComparedRuns compared = faster_and_worse(runs);
    const std::string text = comparison_report(compared, ComparisonFormat::csv);
    EXPECT_EQ(count(text, "\r\n"), 1 + 2 * report_rows(compared).size());
    EXPECT_THAT(text, HasSubstr("1,2,int4,"));
    const std::size_t at = text.find("1,2,int4,");
    const std::size_t row = text.find(",decode_tokens_per_second,tok/s,", at);
    ASSERT_NE(row, std::string::npos);
    const std::string line = text.substr(row, text.find("\r\n", row) - row);
    EXPECT_THAT(line, HasSubstr(",100,199.99999999999997,2,1.98"));
    EXPECT_THAT(line, HasSubstr(",faster,"));
    EXPECT_THAT(text, HasSubstr("not comparable,,other prompt length: "));
}

TEST(ComparisonReport, JsonHoldsEachComparison) {
    MeasuredRuns runs;
    const ComparedRuns compared = faster_and_worse(runs);
    const auto document =
        nlohmann::json::parse(comparison_report(compared, ComparisonFormat::json));
    EXPECT_EQ(document["baseline"]["id"], 1);
    ASSERT_EQ(document["comparisons"].size(), 2u);
    EXPECT_EQ(document["comparisons"][0]["run"], 2);
    EXPECT_EQ(document["comparisons"][0]["comparison"]["decode_tokens_per_second"]["verdict"],
              "faster");
    EXPECT_TRUE(document["comparisons"][1]["refusals"].contains("decode_tokens_per_second"));
    EXPECT_FALSE(document["warnings"].empty());
}

TEST(ComparisonReport, ThePageNeedsNothingElse) {
    MeasuredRuns runs;
    const ComparedRuns compared = faster_and_worse(runs);
    const std::string html = comparison_report(compared, ComparisonFormat::html);
    expect_harmless(html);
    EXPECT_THAT(html, HasSubstr("prefers-color-scheme: dark"));
    EXPECT_THAT(html, HasSubstr("faster</span>"));
    EXPECT_THAT(html, HasSubstr("other prompt length"));
    EXPECT_GE(count(html, "<svg"), 2u);
}

// Names are what a file says of itself, and notes are anybody's.
TEST(ComparisonReport, TextsOfTheStoreStayTexts) {
    const std::string hostile = "<script>alert(1)</script>\"'><img src=x onerror=y>&amp;|`*\x1b[2J";
    MeasuredRuns runs;
    NewRun what = MeasuredRuns::what(hostile);
    what.model_name = what.model_source = hostile;
    what.recipe = {{{"technique", hostile}, {"options", {{"a", hostile}}}}};
    const std::int64_t baseline = runs.add(what), other = runs.add(what, 2);
    runs.store().set_note(other, hostile);
    runs.store().add_run_note(other, hostile);
    const ComparedRuns compared =
        compare_runs(runs.store(), runs.load(baseline), {runs.load(other)});
    const std::string html = comparison_report(compared, ComparisonFormat::html);
    expect_harmless(html);
    EXPECT_THAT(html, HasSubstr("&lt;script&gt;alert(1)&lt;/script&gt;"));
    EXPECT_THAT(html, Not(HasSubstr("\x1b")));
    const std::string markdown = comparison_report(compared, ComparisonFormat::markdown);
    EXPECT_EQ(count(markdown, "<script"), count(markdown, "\\<script"));
    EXPECT_THAT(markdown, Not(HasSubstr("\x1b")));
    const auto document =
        nlohmann::json::parse(comparison_report(compared, ComparisonFormat::json));
    EXPECT_EQ(document["runs"][0]["note"], hostile);
}

// A dot for each ratio that there is, with its interval around it.
TEST(ComparisonReport, ThePictureShowsEveryRatio) {
    MeasuredRuns runs;
    const ComparedRuns compared = faster_and_worse(runs);
    std::size_t ratios = 0;
    for (const Comparison& comparison : compared.comparisons)
        for (const ComparedMetric& each : comparison.metrics)
            ratios += each.refusal.empty() && !each.verdict.empty() ? 1 : 0;
    const std::string picture = ratios_picture(compared);
    EXPECT_EQ(count(picture, "<circle"), ratios);
    EXPECT_GT(count(picture, "class=\"interval good\""), 0u);
    const std::regex pair(
        "<line x1=\"([0-9.]+)\"[^>]*x2=\"([0-9.]+)\"[^>]*class=\"interval[^>]*>\\s*"
        "<circle cx=\"([0-9.]+)\"");
    std::size_t checked = 0;
    for (std::sregex_iterator it(picture.begin(), picture.end(), pair), end; it != end; ++it) {
        EXPECT_LE(std::stod((*it)[1]), std::stod((*it)[3]) + 0.06);
        EXPECT_GE(std::stod((*it)[2]), std::stod((*it)[3]) - 0.06);
        ++checked;
    }
    EXPECT_GT(checked, 2u);
    // Nothing to draw: no picture, and the page says so in its table.
    const ComparedRuns none{compared.baseline, {}, {}};
    EXPECT_EQ(ratios_picture(none), "");
    expect_harmless(comparison_html(none));
}

}  // namespace
}  // namespace hone::profiler
