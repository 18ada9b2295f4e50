// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "profiler/trace/chrome.h"
#include "profiler/trace/kernel_table.h"
#include "profiler/trace/recorder.h"

namespace hone::profiler {
namespace {

TraceEvent event(Operation operation, std::int64_t start, std::int64_t duration,
                 std::int32_t layer = -1) {
    return {.start = start,
            .duration = duration,
            .bytes = 1000,
            .flops = 400,
            .layer = layer,
            .operation = operation,
            .phase = TracePhase::decode};
}

Trace example() {
    static const std::string first = "blk.0.attn_q.weight", second = "blk.1.attn_q.weight",
                             odd = "a \"b\"\n\\";
    TraceRecorder recorder(3);
    recorder.add(event(Operation::linear, 0, 1500, 0), first);
    recorder.add(event(Operation::linear, 1500, 500, 1), second);
    recorder.add(event(Operation::sample, 2001, 0), odd);
    recorder.add(event(Operation::sample, 3000, 1), odd);
    return recorder.take();
}

class Spool : public ::testing::Test {
public:
    ~Spool() override { std::filesystem::remove(path_); }
    const std::filesystem::path path_ =
        std::filesystem::temp_directory_path() / ("hone-trace-" + std::to_string(::getpid()));
};

TEST(Recorder, KeepsWhatThereIsRoomForAndCountsTheRest) {
    const Trace trace = example();
    EXPECT_EQ(trace.dropped, 1);
    ASSERT_EQ(trace.events.size(), 3u);
    EXPECT_EQ(trace.names, (std::vector<std::string>{"attn_q", "a \"b\"\n\\"}));
    EXPECT_EQ(trace.events[0].name, trace.events[1].name);
    EXPECT_EQ(trace.events[1].layer, 1);
}

TEST(Recorder, ClockRunsForwards) {
    const TraceRecorder recorder(1);
    const std::int64_t first = recorder.now();
    EXPECT_GE(first, 0);
    EXPECT_GE(recorder.now(), first);
}

TEST(Groups, CountTheShareInsideTheRange) {
    Trace trace;
    trace.names = {"x"};
    trace.events = {event(Operation::linear, 0, 100), event(Operation::norm, 100, 300),
                    event(Operation::linear, 400, 100)};
    for (TraceEvent& each : trace.events) each.name = 0;
    const auto groups = [&](std::int64_t begin, std::int64_t end) {
        return group_events(trace, GroupBy::operation, {begin, end, {}, {}});
    };
    const auto all = groups(0, 500);
    ASSERT_EQ(all.size(), 2u);
    EXPECT_EQ(all[0].operation, Operation::norm);
    EXPECT_EQ(all[1].total, 200);
    EXPECT_EQ(all[1].count, 2);
    EXPECT_EQ(all[1].bytes, 2000);
    EXPECT_EQ(all[0].share, 0.6);
    const auto part = groups(50, 175);
    ASSERT_EQ(part.size(), 2u);
    EXPECT_EQ(part[0].operation, Operation::norm);
    EXPECT_EQ(part[0].total, 75);
    EXPECT_EQ(part[0].bytes, 250);
    EXPECT_EQ(part[1].flops, 200);
    EXPECT_TRUE(groups(500, 600).empty());
    EXPECT_TRUE(group_events({}, GroupBy::operation).empty());
}

// Layers may hold their weights in different types: what computed them is then not one kernel.
TEST(Recorder, KeepsWhatComputedOperations) {
    static const std::string first = "blk.0.attn_q.weight", second = "blk.1.attn_q.weight",
                             third = "blk.2.attn_q.weight", other = "blk.0.attn_k.weight";
    TraceRecorder recorder(9);
    const auto q4 = [] { return std::string("AVX2 Q4_0 product"); };
    const auto q8 = [] { return std::string("AVX2 Q8_0 product"); };
    recorder.add(event(Operation::linear, 0, 100, 0), first, q4);
    recorder.add(event(Operation::linear, 100, 50, 0), other, q4);
    recorder.add(event(Operation::linear, 200, 30, 1), second, q8);
    recorder.add(event(Operation::linear, 300, 20, 2), third, q4);
    const Trace trace = recorder.take();
    EXPECT_EQ(trace.names,
              (std::vector<std::string>{"attn_q", "attn_k", "attn_q, AVX2 Q8_0 product"}));
    EXPECT_EQ(trace.events[3].name, trace.events[0].name);
    const auto kernels = group_events(trace, GroupBy::kernel);
    ASSERT_EQ(kernels.size(), 2u);
    EXPECT_EQ(kernels[0].name, "AVX2 Q4_0 product");
    EXPECT_EQ(kernels[0].total, 170);
    EXPECT_EQ(kernels[1].name, "AVX2 Q8_0 product");
    Trace back;
    set_details(back, details_of(trace));
    EXPECT_EQ(back.kernels, trace.kernels);
    std::ostringstream out;
    write_chrome_trace(trace, "", out);
    const auto events = nlohmann::json::parse(out.str())["traceEvents"];
    EXPECT_EQ(events.back()["args"]["kernel"], "AVX2 Q4_0 product");
}

TEST(Chrome, DocumentIsJsonWithExactTimes) {
    std::ostringstream out;
    write_chrome_trace(example(), "Tiny, \"int8\"", out);
    const nlohmann::json document = nlohmann::json::parse(out.str());
    EXPECT_EQ(document["otherData"]["dropped_events"], 1);
    const auto& events = document["traceEvents"];
    ASSERT_EQ(events.size(), 5u);
    EXPECT_EQ(events[0]["args"]["name"], "Tiny, \"int8\"");
    EXPECT_EQ(events[1]["name"], "thread_name");
    EXPECT_EQ(events[2]["ph"], "X");
    EXPECT_EQ(events[2]["name"], "attn_q");
    EXPECT_EQ(events[2]["cat"], "decode");
    EXPECT_EQ(events[2]["ts"], 0.0);
    EXPECT_EQ(events[2]["dur"], 1.5);
    EXPECT_EQ(
        events[2]["args"],
        (nlohmann::json{{"operation", "linear"}, {"layer", 0}, {"bytes", 1000}, {"flops", 400}}));
    EXPECT_EQ(events[4]["ts"], 2.001);
    EXPECT_EQ(events[4]["name"], "a \"b\"\n\\");
    EXPECT_FALSE(events[4]["args"].contains("layer"));
}

TEST(Chrome, AnEmptyTraceIsADocumentToo) {
    std::ostringstream out;
    write_chrome_trace({}, "", out);
    EXPECT_EQ(nlohmann::json::parse(out.str())["traceEvents"].size(), 1u);
}

TEST_F(Spool, ComesBackAsItWas) {
    const Trace trace = example();
    write_spool(trace, path_);
    const Trace back = read_spool(path_);
    EXPECT_EQ(back.names, trace.names);
    EXPECT_EQ(back.dropped, 1);
    ASSERT_EQ(back.events.size(), 3u);
    EXPECT_EQ(back.events[1].start, 1500);
    EXPECT_EQ(back.events[1].operation, Operation::linear);
    EXPECT_EQ(back.events[0].layer, 0);
}

TEST_F(Spool, ThatIsDamagedIsRefused) {
    EXPECT_THROW(read_spool(path_), TraceError);
    write_spool(example(), path_);
    std::filesystem::resize_file(path_, std::filesystem::file_size(path_) - 1);
    EXPECT_THROW(read_spool(path_), TraceError);
    Trace wrong = example();
    wrong.events[0].name = 9;
    write_spool(wrong, path_);
    EXPECT_THROW(read_spool(path_), TraceError);
    std::ofstream(path_) << "not a trace";
    EXPECT_THROW(read_spool(path_), TraceError);
    EXPECT_THROW(write_spool({}, "/no/such/folder/events"), TraceError);
}

TEST(Names, GoThereAndBack) {
    for (const std::string_view name : kOperationNames)
        EXPECT_EQ(operation_name(operation_of(name)), name);
    EXPECT_EQ(phase_of(phase_name(TracePhase::decode)), TracePhase::decode);
    EXPECT_THROW(operation_of("fly"), TraceError);
    EXPECT_THROW(phase_of(""), TraceError);
}

}  // namespace
}  // namespace hone::profiler
