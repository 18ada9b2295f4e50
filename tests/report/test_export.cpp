// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "tests/report/measured_runs.h"

namespace hone::profiler {
namespace {

using testing::HasSubstr;

// A reader of RFC 4180 that accepts nothing else: records end with CRLF, quotes within quoted
// fields are doubled.
std::vector<std::vector<std::string>> parse_csv(const std::string& text) {
    std::vector<std::vector<std::string>> rows(1, {""});
    bool inside = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        std::string& field = rows.back().back();
        if (inside && c == '"' && i + 1 < text.size() && text[i + 1] == '"') {
            field += '"';
            ++i;
        } else if (c == '"') {
            EXPECT_TRUE(inside || field.empty()) << "a quote in an unquoted field";
            inside = !inside;
        } else if (!inside && c == ',') {
            rows.back().emplace_back();
        } else if (!inside && c == '\r') {
            EXPECT_EQ(text.at(++i), '\n');
            rows.push_back({""});
        } else {
            EXPECT_TRUE(inside || c != '\n') << "a bare line feed";
            field += c;
        }
    }
    EXPECT_FALSE(inside);
    EXPECT_EQ(rows.back(), std::vector<std::string>{""}) << "the last record must end with CRLF";
    rows.pop_back();
    return rows;
}

TEST(Export, CsvHoldsEveryFigureAndHardText) {
    MeasuredRuns runs;
    NewRun what = MeasuredRuns::what("int8, \"group\" 64");
    what.model_name = "a\r\nb";
    const std::int64_t id = runs.add(what, 1.5);
    runs.store().set_note(id, "kept, \"really\"");
    const std::int64_t failed = runs.store().begin_run(MeasuredRuns::what());
    const auto rows =
        parse_csv(export_runs(runs.store(), {runs.load(id), runs.load(failed)}, ReportFormat::csv));
    ASSERT_EQ(rows.size(), 3u);
    ASSERT_EQ(rows[1].size(), rows[0].size());
    ASSERT_EQ(rows[2].size(), rows[0].size());
    std::map<std::string, std::string> first, second;
    for (std::size_t i = 0; i < rows[0].size(); ++i) {
        EXPECT_TRUE(first.emplace(rows[0][i], rows[1][i]).second) << "column twice: " << rows[0][i];
        second.emplace(rows[0][i], rows[2][i]);
    }
    EXPECT_EQ(first.at("id"), std::to_string(id));
    EXPECT_EQ(first.at("model"), "a\r\nb");
    EXPECT_EQ(first.at("label"), "int8, \"group\" 64");
    EXPECT_EQ(first.at("note"), "kept, \"really\"");
    EXPECT_EQ(nlohmann::json::parse(first.at("recipe")), what.recipe);
    EXPECT_EQ(first.at("prompt_tokens"), "128");
    EXPECT_EQ(first.at("threads"), "2");
    EXPECT_EQ(std::stod(first.at("decode_tokens_per_second")),
              runs.load(id).metrics.at("decode_tokens_per_second").value);
    EXPECT_EQ(first.at("decode_tokens_per_second_n"), "7");
    EXPECT_EQ(first.at("memory_weights"), "250000000");
    EXPECT_EQ(second.at("status"), "running");
    EXPECT_EQ(second.at("perplexity"), "");
}

// What a file calls itself, in a program that computes cells, and in a terminal (OWASP, "CSV
// injection").
TEST(Export, CsvCellsAreTextAndNoFormulas) {
    MeasuredRuns runs;
    const std::map<std::string, std::string> cells{
        {"=HYPERLINK(\"http://x\")", "'=HYPERLINK(\"http://x\")"},
        {"+1+cmd|' /C calc'!A0", "'+1+cmd|' /C calc'!A0"},
        {"-2+3", "'-2+3"},
        {"@SUM(1)", "'@SUM(1)"},
        {"\t=1", "\\t=1"},
        {"\n=1", "'\n=1"},
        {"-", "'-"},
        {"-1.5", "-1.5"},
        {"+5", "'+5"},
        {"a=b", "a=b"},
        {"\x1B[31mred", "\\x1B[31mred"},
        {"\xFF", "\\xFF"},
        {"a\xE2\x80\xAE"
         "b",
         "a\\u202Eb"},
        {" spaces ", " spaces "}};
    for (const auto& [name, cell] : cells) {
        NewRun what = MeasuredRuns::what();
        what.model_name = name;
        const std::int64_t id = runs.add(what);
        runs.store().set_note(id, name);
        const auto rows = parse_csv(export_runs(runs.store(), {runs.load(id)}, ReportFormat::csv));
        for (const char* column : {"model", "note"}) {
            const auto at = std::find(rows[0].begin(), rows[0].end(), column) - rows[0].begin();
            EXPECT_EQ(rows[1][static_cast<std::size_t>(at)], cell) << column;
        }
    }
}

TEST(Export, MarkdownShowsNamesAsTheyAre) {
    MeasuredRuns runs;
    const std::map<std::string, std::string> cells{{"<script>", "\\<script\\>"},
                                                   {"`x`", "\\`x\\`"},
                                                   {"[a](javascript:b)", "\\[a\\](javascript:b)"},
                                                   {"a\nb", "a b"},
                                                   {"&lt;", "\\&lt;"},
                                                   {"**q4_0**", "\\*\\*q4_0\\*\\*"},
                                                   {"\x1B[2J", "\\\\x1B\\[2J"}};
    for (const auto& [name, cell] : cells) {
        NewRun what = MeasuredRuns::what();
        what.model_name = name;
        EXPECT_THAT(export_runs(runs.store(), {runs.load(runs.add(what))}, ReportFormat::markdown),
                    HasSubstr("| " + cell + " |"));
    }
}

TEST(Export, JsonHoldsEverySample) {
    MeasuredRuns runs;
    const std::int64_t id = runs.add(MeasuredRuns::what());
    const nlohmann::json json =
        nlohmann::json::parse(export_runs(runs.store(), {runs.load(id)}, ReportFormat::json));
    ASSERT_EQ(json.at("runs").size(), 1u);
    const nlohmann::json& run = json["runs"][0];
    EXPECT_EQ(run.at("id"), id);
    ASSERT_EQ(run.at("samples").size(), 14u);
    EXPECT_EQ(run["samples"][0].at("kind"), "warmup");
    EXPECT_EQ(run["samples"][13].at("values").at("scored"), 255);
}

TEST(Export, MarkdownIsATableForPeople) {
    MeasuredRuns runs;
    NewRun what = MeasuredRuns::what("int8");
    what.model_name = "a|b";
    const std::int64_t id = runs.add(what);
    const std::string text = export_runs(runs.store(), {runs.load(id)}, ReportFormat::markdown);
    EXPECT_THAT(text, HasSubstr("| run | model | recipe |"));
    EXPECT_THAT(text, HasSubstr("Decode (tok/s)"));
    EXPECT_THAT(text, HasSubstr("Peak memory (MB)"));
    EXPECT_THAT(text, HasSubstr("a\\|b"));
    EXPECT_THAT(text, HasSubstr("| 100 (99.44–100.6) |"));
    EXPECT_THAT(text, testing::Not(HasSubstr("KL divergence"))) << "no run has it";
}

TEST(Export, MarkdownShowsNoIntervalThatSaysNothing) {
    MeasuredRuns runs;
    const std::int64_t id = runs.add(MeasuredRuns::what());
    runs.store().set_metric(id, "decode_tokens_per_second", {120, -134, 374, 2, "tok/s"});
    const std::string text = export_runs(runs.store(), {runs.load(id)}, ReportFormat::markdown);
    EXPECT_THAT(text, HasSubstr("| 120 (too few samples) |"));
    // A table for programs keeps the plain numbers, with how many samples they rest on.
    EXPECT_THAT(export_runs(runs.store(), {runs.load(id)}, ReportFormat::csv),
                HasSubstr("120,-134,374,2"));
}

TEST(Export, OfNothingIsEmptyAndWellFormed) {
    MeasuredRuns runs;
    EXPECT_EQ(parse_csv(export_runs(runs.store(), {}, ReportFormat::csv)).size(), 1u);
    EXPECT_TRUE(nlohmann::json::parse(export_runs(runs.store(), {}, ReportFormat::json))
                    .at("runs")
                    .empty());
}

}  // namespace
}  // namespace hone::profiler
