// SPDX-License-Identifier: Apache-2.0
#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>

#include "tests/store/example_runs.h"

namespace hone::profiler {
namespace {

Trace trace_of(std::int64_t events) {
    Trace trace;
    trace.names = {"embed", "attn_q"};
    trace.dropped = 3;
    for (std::int64_t i = 0; i < events; ++i)
        trace.events.push_back(
            {.start = 10 * i,
             .duration = 7,
             .bytes = 4096 + i,
             .flops = 2 * i,
             .layer = i == 0 ? -1 : static_cast<std::int32_t>(i % 30),
             .name = static_cast<std::uint16_t>(i == 0 ? 0 : 1),
             .operation = i == 0 ? Operation::embed : Operation::linear,
             .phase = i < events / 2 ? TracePhase::prefill : TracePhase::decode});
    return trace;
}

TEST(Traces, ComeBackAsTheyWere) {
    TemporaryFolder folder;
    Store store(folder / "runs.sqlite");
    const std::int64_t run = store.begin_run(example_run()), other = store.begin_run(example_run());
    const Trace trace = trace_of(1000);
    store.set_trace(run, trace_of(5));
    store.set_trace(run, trace);  // replaces the first
    const Trace back = store.trace(run);
    EXPECT_EQ(back.names, trace.names);
    EXPECT_EQ(back.dropped, 3);
    ASSERT_EQ(back.events.size(), trace.events.size());
    for (std::size_t i = 0; i < trace.events.size(); ++i) {
        EXPECT_EQ(back.events[i].start, trace.events[i].start);
        EXPECT_EQ(back.events[i].duration, trace.events[i].duration);
        EXPECT_EQ(back.events[i].bytes, trace.events[i].bytes);
        EXPECT_EQ(back.events[i].flops, trace.events[i].flops);
        EXPECT_EQ(back.events[i].layer, trace.events[i].layer);
        EXPECT_EQ(back.events[i].operation, trace.events[i].operation);
        EXPECT_EQ(back.events[i].phase, trace.events[i].phase);
    }
    EXPECT_EQ(store.load(run)->trace_events, 1000);
    EXPECT_EQ(store.load(run)->trace_dropped, 3);
    EXPECT_EQ(store.load(other)->trace_events, 0);
    EXPECT_TRUE(store.trace(other).events.empty());
}

TEST(Traces, GoWithTheirRun) {
    TemporaryFolder folder;
    Store store(folder / "runs.sqlite");
    const std::int64_t run = store.begin_run(example_run());
    store.set_trace(run, trace_of(10));
    store.remove({run});
    store.purge();
    SQLite::Database raw((folder / "runs.sqlite").string());
    EXPECT_EQ(raw.execAndGet("SELECT count(*) FROM trace").getInt(), 0);
    EXPECT_THROW(store.set_trace(run, trace_of(1)), StoreError);
}

}  // namespace
}  // namespace hone::profiler
