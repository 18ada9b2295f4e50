// SPDX-License-Identifier: Apache-2.0
#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <sstream>

#include "tests/paths/paths.h"
#include "tests/store/example_runs.h"

namespace hone::profiler {
namespace {

std::vector<std::string> documented_queries() {
    std::ifstream file(test::source_dir() + "/docs/store.md");
    std::vector<std::string> queries;
    std::string line, query;
    bool inside = false;
    while (std::getline(file, line)) {
        if (line == "```sql") {
            inside = true;
            query.clear();
        } else if (inside && line == "```") {
            inside = false;
            queries.push_back(query);
        } else if (inside) {
            query += line + "\n";
        }
    }
    return queries;
}

void fill(Store& store) {
    const std::int64_t baseline = store.begin_run(example_run());
    NewRun what = example_run("int8");
    what.paired_with = baseline;
    what.series = store.begin_series(
        {{{"technique", "quantize_weights"}, {"option", "scheme"}, {"values", {"int8", "int4"}}}});
    const std::int64_t candidate = store.begin_run(what);
    for (const std::int64_t run : {baseline, candidate}) {
        store.add_sample(run, example_repetition(0, 100));
        store.add_sample(run, {0, "accuracy", {{"nll_sum", 510}, {"scored", 255}}, nullptr});
        store.set_metric(run, "decode_tokens_per_second",
                         {100.0 * static_cast<double>(run), 99, 101, 1, "tok/s"});
        store.set_prediction(run, {{"decode_tokens_per_second", 90.0}});
        store.set_memory(run, {{"weights", 1 << 22}, {"peak_resident", 1 << 23}});
        store.finish_run(run, "done", "", 1);
        store.set_tags(run, {"laptop", "plugged in"});
    }
    Trace trace;
    trace.names = {"attn_q"};
    trace.events = {{.start = 5,
                     .duration = 10,
                     .bytes = 64,
                     .layer = 0,
                     .operation = Operation::linear,
                     .phase = TracePhase::decode}};
    store.set_trace(candidate, trace);
    store.finish_run(store.begin_run(example_run("int4")), "failed",
                     "the worker was killed by SIGKILL", 1);
}

TEST(ExampleQueries, AllReturnRows) {
    TemporaryFolder folder;
    Store store(folder / "runs.sqlite");
    fill(store);
    SQLite::Database raw((folder / "runs.sqlite").string());
    const std::vector<std::string> queries = documented_queries();
    EXPECT_GE(queries.size(), 6u);
    for (const std::string& query : queries) {
        try {
            SQLite::Statement statement(raw, query);
            EXPECT_TRUE(statement.executeStep()) << query;
        } catch (const SQLite::Exception& error) {
            ADD_FAILURE() << error.what() << "\n" << query;
        }
    }
}

TEST(ExampleQueries, ComputeWhatTheySay) {
    TemporaryFolder folder;
    Store store(folder / "runs.sqlite");
    fill(store);
    SQLite::Database raw((folder / "runs.sqlite").string());
    for (const std::string& query : documented_queries()) {
        SQLite::Statement statement(raw, query);
        ASSERT_TRUE(statement.executeStep()) << query;
        const bool ratio = query.find("AS ratio") != std::string::npos;
        const bool perplexity = query.find("AS perplexity") != std::string::npos;
        if (ratio) {
            EXPECT_DOUBLE_EQ(statement.getColumn("ratio").getDouble(), 2);
        }
        if (query.find("AS swept") != std::string::npos) {
            EXPECT_EQ(statement.getColumn("swept").getString(), "int8");
        }
        if (perplexity) {
            EXPECT_NEAR(statement.getColumn("perplexity").getDouble(), std::exp(510.0 / 255),
                        1e-12);
        }
    }
}

}  // namespace
}  // namespace hone::profiler
