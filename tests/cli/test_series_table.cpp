// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "app/hone/series_table.h"
#include "app/hone/terminal.h"
#include "engine/base/text_width.h"

namespace hone::cli {
namespace {

using profiler::Comparison;
using profiler::RunRecord;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kSchemes[] = {"q8_0", "q6_k", "q5_0", "q4_k"};

nlohmann::json recipe_of(const char* scheme) {
    return nlohmann::json::array(
        {{{"technique", "quantize_weights"}, {"options", {{"scheme", scheme}}}}});
}

RunRecord run(std::int64_t id, const char* scheme) {
    RunRecord record;
    record.id = id;
    record.status = "done";
    record.what.model_name = "SmolLM2-135M-Instruct";
    record.what.side = scheme == nullptr ? "baseline" : "candidate";
    record.what.recipe = scheme == nullptr ? nlohmann::json::array() : recipe_of(scheme);
    record.what.series = profiler::Series{
        3, nlohmann::json::array(
               {{{"technique", "quantize_weights"}, {"option", "scheme"}, {"values", kSchemes}}})};
    for (const char* metric : {"decode_tokens_per_second", "peak_memory", "perplexity"})
        record.metrics[metric] = {1234, 1200, 1300, 7, ""};
    return record;
}

struct Measured {
    std::vector<RunRecord> runs{run(1, nullptr)};
    std::vector<Comparison> comparisons;

    Measured() {
        for (const char* scheme : kSchemes) {
            runs.push_back(run(static_cast<std::int64_t>(runs.size()) + 1, scheme));
            Comparison pair{.baseline = 1, .candidate = runs.back().id};
            const profiler::Estimate ratio{1.5, 1.4, 1.6, 7};
            pair.metrics = {{"decode_tokens_per_second", ratio, ratio, "faster", {}},
                            {"peak_memory", ratio, ratio, "larger", {}},
                            {"perplexity", ratio, ratio, "worse", {}}};
            comparisons.push_back(pair);
        }
    }
    std::vector<std::string> lines(std::size_t columns) const {
        std::vector<std::string> result;
        std::istringstream text(series_table(runs, comparisons, columns));
        for (std::string line; std::getline(text, line);) result.push_back(line);
        return result;
    }
};

long starting_with(const std::vector<std::string>& lines, const std::string& words) {
    return std::count_if(lines.begin(), lines.end(),
                         [&](const std::string& line) { return line.starts_with(words); });
}

TEST(SeriesTable, FitsTheTerminal) {
    Measured measured;
    measured.runs[2].notes_from_run = {
        "a note so long that it does not fit into a line of any terminal that people have open"};
    for (const std::size_t columns : {60u, 80u, 100u, 160u}) {
        const auto lines = measured.lines(columns);
        for (const std::string& line : lines)
            EXPECT_LE(text_width(line), columns) << columns << ": " << line;
        // Every figure of a candidate is somewhere, and its name with it.
        EXPECT_EQ(starting_with(lines, "q8_0 "), columns == 160 ? 1 : columns == 100 ? 2 : 3);
        EXPECT_EQ(lines.front().find("SmolLM2-135M-Instruct · series 3"), 0u);
    }
    EXPECT_THAT(measured.lines(160)[2], HasSubstr("decode"));
    EXPECT_THAT(measured.lines(160)[2], HasSubstr("perplexity"));
}

TEST(SeriesTable, SaysOnceWhatSeveralShare) {
    Measured measured;
    for (RunRecord& each : measured.runs) each.notes_from_run = {"random weights"};
    measured.runs[1].notes_from_run.emplace_back("Q4_1 was expanded");
    measured.runs[4].notes_from_run.emplace_back("Q4_1 was expanded");
    for (Comparison& pair : measured.comparisons) {
        pair.run_warnings = {{1, "the machine was busy"}};
        if (pair.candidate > 3) pair.run_warnings.push_back({pair.candidate, "unstable warm-up"});
        pair.metrics[2].refusal = "a window where it is zero has no ratio";
    }
    std::vector<std::string> told;
    for (const std::string& line : measured.lines(100))
        if (line.starts_with("run") || line.starts_with("all") || line.starts_with("mind"))
            told.push_back(line);
    EXPECT_THAT(
        told,
        ElementsAre("runs 2, 3, 4, 5: perplexity is not comparable: a window where it is "
                    "zero has no ratio",
                    "all runs: random weights", "runs 2, 5: Q4_1 was expanded",
                    "mind: run 1: the machine was busy", "mind: runs 4, 5: unstable warm-up"));
}

TEST(SeriesTable, HasAColumnForEachSweptOption) {
    Measured measured;
    for (RunRecord& each : measured.runs) {
        each.what.series->swept.push_back(
            {{"technique", "kv_cache"}, {"option", "dtype"}, {"values", {"fp16", "int8"}}});
        if (each.what.side == "candidate")
            each.what.recipe.push_back(
                {{"technique", "kv_cache"}, {"options", {{"dtype", "int8"}}}});
    }
    const auto lines = measured.lines(100);
    EXPECT_THAT(lines[2], testing::MatchesRegex("scheme +dtype +run +decode.*"));
    EXPECT_THAT(lines[3], testing::MatchesRegex("baseline +— +1 .*"));
    EXPECT_THAT(lines[4], testing::MatchesRegex("q8_0 +int8 +2 .*"));
}

TEST(FoldedLine, BreaksBetweenWords) {
    EXPECT_EQ(folded_line("one two three four", 9), "one two\n  three\n  four");
    EXPECT_EQ(folded_line("one", 2), "one");
    EXPECT_EQ(folded_line("", 9), "");
}

}  // namespace
}  // namespace hone::cli
