// SPDX-License-Identifier: Apache-2.0
// Recordings of devices, and the reports they must replay to: every NAME.jsonl of
// tests/fixtures/cuda_trace against NAME.expected.jsonl, line by line. With HONE_UPDATE_FIXTURES
// set the reports are written instead of compared.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "profiler/trace/cuda_trace.h"
#include "profiler/trace/kernel_table.h"
#include "tests/paths/paths.h"

namespace hone::profiler {
namespace {

using nlohmann::json;

const std::filesystem::path kFolder = std::filesystem::path(test::fixtures()) / "cuda_trace";

// Six digits: sums in another order, or multiply-and-add in one, may move the last of them.
json rounded(double value) {
    std::ostringstream text;
    text.precision(6);
    text << value;
    return json::parse(text.str());
}

json launch_json(const KernelLaunch& launch) {
    return {{"grid", launch.grid},
            {"block", launch.block},
            {"registers", launch.registers},
            {"shared_bytes", launch.shared_bytes}};
}

json row(const char* table, const KernelGroup& group) {
    return {{"table", table},
            {"name", group.name},
            {"operation", operation_name(group.operation)},
            {"layer", group.layer},
            {"count", group.count},
            {"total", group.total},
            {"shortest", group.shortest},
            {"longest", group.longest},
            {"bytes", rounded(group.bytes)},
            {"flops", rounded(group.flops)},
            {"share", rounded(group.share)}};
}

json point(const KernelGroup& group, const CudaTraceFacts& facts) {
    const std::optional<double> share = share_of_peak(group, facts);
    return {{"roofline", group.name},
            {"intensity", rounded(group.intensity())},
            {"bandwidth", rounded(group.bandwidth())},
            {"flops_per_second", rounded(group.flops_rate())},
            {"attainable",
             rounded(attainable_flops(facts.peak_flops, facts.peak_bandwidth, group.intensity()))},
            {"share_of_peak", share ? rounded(*share) : json(nullptr)},
            {"launch", launch_json(group.launch)}};
}

// All that a user sees of a trace, a line each: its facts and tracks, where every event went, the
// tables, the roofline, memory.
std::string report_of(const Trace& trace) {
    std::string report = details_of(trace) + "\n";
    const auto add = [&report](const json& line) { report += line.dump() + "\n"; };
    for (const TraceEvent& event : trace.events)
        add({{"event", trace.names[event.name]},
             {"operation", operation_name(event.operation)},
             {"phase", phase_name(event.phase)},
             {"layer", event.layer},
             {"track", event.track},
             {"start", event.start},
             {"duration", event.duration},
             {"bytes", event.bytes},
             {"flops", event.flops},
             {"launch", event.launch}});
    for (const auto& [by, table] : {std::pair{GroupBy::kernel, "kernels"},
                                    {GroupBy::operation, "operations"},
                                    {GroupBy::layer, "layers"}})
        for (const KernelGroup& group : group_events(trace, by)) add(row(table, group));
    for (const KernelGroup& group : group_events(trace, GroupBy::kernel))
        add(point(group, trace.device));
    return report;
}

std::set<std::string> recordings() {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
        const std::filesystem::path stem = entry.path().stem();
        if (entry.path().extension() == ".jsonl" && stem.extension() != ".expected")
            names.insert(stem.string());
    }
    return names;
}

std::string text_of(const std::filesystem::path& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
}

// The first line that differs: a report may have thousands.
void expect_same_lines(const std::string& is, const std::string& expected) {
    if (is == expected) return;
    std::istringstream is_in(is), expected_in(expected);
    std::string is_line, expected_line;
    for (int number = 1;; ++number) {
        const bool more = static_cast<bool>(std::getline(is_in, is_line));
        const bool wanted = static_cast<bool>(std::getline(expected_in, expected_line));
        ASSERT_TRUE(more) << "ends before line " << number << ": " << expected_line;
        ASSERT_TRUE(wanted) << "goes on with line " << number << ": " << is_line;
        ASSERT_EQ(is_line, expected_line) << "line " << number;
    }
}

TEST(Replay, OfRecordingsGivesTheSameReports) {
    const std::set<std::string> names = recordings();
    EXPECT_GE(names.size(), 2U);
    for (const std::string& name : names) {
        SCOPED_TRACE(name);
        const CudaRecording recording = read_recording((kFolder / (name + ".jsonl")).string());
        const std::string report = report_of(cuda_trace(recording));
        EXPECT_EQ(report, report_of(cuda_trace(recording)));
        const std::filesystem::path path = kFolder / (name + ".expected.jsonl");
        if (std::getenv("HONE_UPDATE_FIXTURES") != nullptr) std::ofstream(path) << report;
        expect_same_lines(report, text_of(path));
    }
}

TEST(Replay, RecordingsComeBackFromTheirFilesUnchanged) {
    for (const std::string& name : recordings()) {
        SCOPED_TRACE(name);
        const CudaRecording recording = read_recording((kFolder / (name + ".jsonl")).string());
        const std::string copy = testing::TempDir() + "/" + name + ".jsonl";
        write_recording(recording, copy);
        EXPECT_EQ(read_recording(copy), recording);
    }
}

// The expected reports are the program's own; these figures are summed up by hand from the
// recording.
TEST(Replay, OfOddRecordsAddsUp) {
    const Trace trace = cuda_trace(read_recording((kFolder / "odd_records.jsonl").string()));
    const CudaTraceFacts& facts = trace.device;
    EXPECT_EQ(facts.kernels, 13);
    EXPECT_EQ(facts.launches, 14);  // nine calls, two graphs that held five kernels
    EXPECT_EQ(facts.lost_records, 1);
    EXPECT_EQ(facts.unknown_times, 3);  // two kernels, a change of memory
    EXPECT_EQ(facts.clock_error, 0);
    EXPECT_EQ(facts.kernel_time, 24'000);
    EXPECT_EQ(facts.attributed_time,
              21'500);  // not two strays, and a graph's node that nobody saw captured
    const std::vector<KernelGroup> kernels = group_events(trace, GroupBy::kernel);
    ASSERT_EQ(kernels.size(), 7U);
    EXPECT_EQ(kernels[0].name, "gemm");
    EXPECT_EQ(kernels[0].intensity(), 20);
    EXPECT_DOUBLE_EQ(*share_of_peak(kernels[0], facts), 0.2);  // 1.6 MFLOP in 8 µs of 1 TFLOP/s
    EXPECT_EQ(kernels[1].name, "attend<f16>");
    EXPECT_EQ(kernels[1].bytes, 6000 + 600 + 660);
    EXPECT_EQ(kernels[2].name, "product<bf16, 1>");
    EXPECT_DOUBLE_EQ(*share_of_peak(kernels[2], facts), 0.32);  // 160 kB in 5 µs of 100 GB/s
    ASSERT_EQ(trace.memory.size(), 3U);
    EXPECT_EQ(trace.memory[2].moments,
              (std::vector<MemoryMoment>{{0, 100'000}, {2000, 100'512}, {26'000, 100'000}}));
    for (const TraceEvent& event : trace.events) EXPECT_NE(trace.names[event.name], "untimed");
}

}  // namespace
}  // namespace hone::profiler
