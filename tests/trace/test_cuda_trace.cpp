// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

#include "profiler/trace/clock_fit.h"
#include "profiler/trace/cuda_trace.h"
#include "profiler/trace/kernel_table.h"
#include "profiler/trace/recorder.h"

namespace hone::profiler {
namespace {

// A clock that began a day earlier and runs 50 ppm fast.
constexpr std::int64_t kDay = 86'400'000'000'000;
std::int64_t device_time(std::int64_t host) {
    return kDay + host + host / 20'000;
}

class RecordingBuilder {
public:
    RecordingBuilder() {
        r.device = "Some device";
        r.source = "CUPTI 13.0.1";
        r.begin = 1'000'000;
        r.operation_names = {"attn_q", "attention"};
        r.memory_classes = {"weights", "kv_cache"};
        for (const std::int64_t host : {1'000'000L, 2'000'000L, 4'000'000L})
            r.clock.push_back({device_time(host), host});
    }
    std::uint64_t operation(Operation what, std::int32_t layer, TracePhase phase,
                            std::int64_t bytes) {
        r.operations.push_back({what, phase, layer,
                                static_cast<std::uint16_t>(what == Operation::attention), bytes,
                                2 * bytes});
        return r.operations.size();
    }
    void call(std::uint32_t correlation, std::uint64_t mark, const std::string& name,
              std::int64_t start, std::int64_t end) {
        Activity a;
        a.kind = ActivityKind::runtime_call;
        a.correlation = correlation;
        a.start = device_time(start);
        a.end = device_time(end);
        add(a, name);
        Activity m;
        m.kind = ActivityKind::correlation;
        m.correlation = correlation;
        m.mark = mark;
        if (mark > 0) add(m, "");
    }
    void node(std::uint64_t id, std::uint64_t mark) {
        Activity a;
        a.kind = ActivityKind::graph_node;
        a.graph_node = id;
        a.mark = mark;
        add(a, "");
    }
    Activity& kernel(std::uint32_t correlation, const std::string& name, std::int64_t start,
                     std::int64_t end, std::uint64_t graph_node = 0) {
        Activity a;
        a.correlation = correlation;
        a.start = device_time(start);
        a.end = device_time(end);
        a.device = 0;
        a.stream = 7;
        a.graph_node = graph_node;
        a.grid = {4, 1, 1};
        a.block = {128, 1, 1};
        a.registers = 40;
        add(a, name);
        return r.records.back().activity;
    }
    void add(const Activity& activity, const std::string& name) {
        const auto at = std::find(r.names.begin(), r.names.end(), name);
        const auto index = static_cast<std::uint32_t>(at - r.names.begin());
        if (at == r.names.end()) r.names.push_back(name);
        r.records.push_back({activity, index});
    }
    CudaRecording r;
};

const TraceEvent& event_named(const Trace& trace, const std::string& name, int which = 0) {
    for (const TraceEvent& event : trace.events)
        if (trace.names[event.name] == name && which-- == 0) return event;
    ADD_FAILURE() << "no event " << name;
    static const TraceEvent none{};
    return none;
}

TEST(ClockFit, FindsOffsetAndDrift) {
    std::vector<ClockPair> pairs;
    for (std::int64_t host = 0; host < 10'000'000'000; host += 1'000'000'000)
        pairs.push_back({device_time(host), host});
    const ClockFit fit(pairs);
    EXPECT_LE(fit.worst(), 1);
    EXPECT_NEAR(static_cast<double>(fit.host(device_time(4'321'987'654))), 4'321'987'654.0, 2);
    EXPECT_EQ(ClockFit({}).host(17), 17);
    const ClockPair one{100, 40};
    EXPECT_EQ(ClockFit({&one, 1}).host(110), 50);
}

TEST(CudaTrace, ShowsRangesOfLibrariesAndMemoryPools) {
    RecordingBuilder b;
    const auto range = [&b](std::uint32_t id, std::int64_t start, std::int64_t end,
                            const char* name) {
        Activity a;
        a.kind = ActivityKind::range;
        a.correlation = id;
        if (start >= 0) a.start = device_time(start);
        if (end >= 0) a.end = device_time(end);
        b.add(a, name);
    };
    range(1, 1'010'000, -1, "outer");
    range(2, 1'011'000, -1, "inner");
    range(2, -1, 1'012'000, "");
    range(1, -1, 1'020'000, "");
    range(3, -1, 1'021'000, "");  // began before the trace
    const auto pool = [&b](std::uint64_t address, std::int64_t time, std::int64_t bytes) {
        Activity a;
        a.kind = ActivityKind::pool;
        a.address = address;
        a.start = a.end = device_time(time);
        a.bytes = bytes;
        b.add(a, "");
    };
    pool(1, 1'005'000, 1000);
    pool(2, 1'006'000, 500);
    pool(1, 1'007'000, 0);
    const Trace trace = cuda_trace(b.r);
    ASSERT_EQ(trace.events.size(), 2u);
    EXPECT_NEAR(static_cast<double>(event_named(trace, "outer").duration), 10'000, 5);
    EXPECT_NEAR(static_cast<double>(event_named(trace, "inner").duration), 1'000, 5);
    EXPECT_NE(event_named(trace, "inner").track, event_named(trace, "outer").track);
    ASSERT_EQ(trace.tracks.size(), 2u);
    EXPECT_EQ(trace.tracks[0].name, "NVTX ranges");
    EXPECT_EQ(trace.tracks[0].kind, TrackKind::ranges);
    EXPECT_EQ(trace.device.kernel_time, 0);
    ASSERT_EQ(trace.memory.size(), 1u);
    EXPECT_EQ(trace.memory[0].name, "memory pools");
    EXPECT_TRUE(trace.memory[0].seen) << "no class of its own";
    EXPECT_EQ(trace.device.memory_difference, -1) << "the profiler saw no memory";
    std::vector<std::int64_t> held;
    for (const MemoryMoment& moment : trace.memory[0].moments) held.push_back(moment.bytes);
    EXPECT_EQ(held, (std::vector<std::int64_t>{0, 1000, 1500, 500}));
}

TEST(CudaTrace, GivesKernelsTheOperationThatQueuedThem) {
    RecordingBuilder b;
    const auto q = b.operation(Operation::linear, 3, TracePhase::prefill, 4096);
    b.call(1, q, "cudaLaunchKernel", 1'010'000, 1'012'000);
    b.kernel(1, "expand", 1'020'000, 1'021'000);
    b.call(2, q, "cuLaunchKernelEx", 1'013'000, 1'014'000);
    b.kernel(2, "gemm", 1'022'000, 1'030'000);
    b.call(3, 0, "cudaLaunchKernel", 1'015'000, 1'016'000);
    b.kernel(3, "stray", 1'031'000, 1'032'000);
    const Trace trace = cuda_trace(b.r);
    const TraceEvent& gemm = event_named(trace, "gemm");
    EXPECT_EQ(gemm.operation, Operation::linear);
    EXPECT_EQ(gemm.layer, 3);
    EXPECT_NEAR(static_cast<double>(gemm.start), 22'000, 5);
    EXPECT_NEAR(static_cast<double>(gemm.duration), 8'000, 5);
    EXPECT_EQ(gemm.bytes, 4096);  // the longest of the operation's kernels
    EXPECT_EQ(event_named(trace, "expand").bytes, 0);
    EXPECT_EQ(event_named(trace, "expand").layer, 3);
    EXPECT_EQ(event_named(trace, "stray").operation, Operation::unattributed);
    EXPECT_EQ(trace.launches.at(static_cast<std::size_t>(gemm.launch - 1)).registers, 40);
    EXPECT_EQ(trace.device.kernels, 3);
    EXPECT_EQ(trace.device.launches, 3);
    EXPECT_NEAR(static_cast<double>(trace.device.attributed_time) /
                    static_cast<double>(trace.device.kernel_time),
                0.9, 0.01);
    EXPECT_LE(trace.device.clock_error, 2);
    ASSERT_EQ(trace.tracks.size(), 2U);
    EXPECT_EQ(trace.tracks[0].kind, TrackKind::calls);
    EXPECT_EQ(trace.tracks[1].name, "stream 7");
}

// A graph's nodes were captured once; each launch stands for operations of its own.
TEST(CudaTrace, TellsTheLaunchesOfAGraphApart) {
    RecordingBuilder b;
    const auto first = b.operation(Operation::linear, 0, TracePhase::decode, 100);
    b.operation(Operation::attention, 0, TracePhase::decode, 10);
    const auto second = b.operation(Operation::linear, 0, TracePhase::decode, 100);
    b.operation(Operation::attention, 0, TracePhase::decode, 20);
    b.r.captures = {{first, 2}};
    b.r.graph_kernels = 4;
    b.node(501, first);
    b.node(502, first + 1);
    b.call(1, first, "cudaGraphLaunch", 1'010'000, 1'011'000);
    b.kernel(1, "product", 1'020'000, 1'021'000, 501);
    b.kernel(1, "attend", 1'021'000, 1'022'000, 502);
    b.call(2, second, "cudaGraphLaunch", 1'030'000, 1'031'000);
    b.kernel(2, "product", 1'040'000, 1'041'000, 501);
    b.kernel(2, "attend", 1'041'000, 1'042'000, 502);
    const Trace trace = cuda_trace(b.r);
    EXPECT_EQ(event_named(trace, "attend", 0).bytes, 10);
    EXPECT_EQ(event_named(trace, "attend", 1).bytes, 20);
    EXPECT_EQ(event_named(trace, "attend", 1).operation, Operation::attention);
    EXPECT_EQ(trace.device.kernels, trace.device.launches);
    EXPECT_EQ(trace.device.attributed_time, trace.device.kernel_time);
}

TEST(CudaTrace, KeepsUnknownTimesUnknown) {
    RecordingBuilder b;
    Activity& lost = b.kernel(1, "untimed", 0, 0);
    lost.start = lost.end = -1;
    b.kernel(2, "timed", 1'020'000, 1'021'000);
    const Trace trace = cuda_trace(b.r);
    EXPECT_EQ(trace.device.unknown_times, 1);
    EXPECT_EQ(trace.device.kernels, 2);
    ASSERT_EQ(trace.events.size(), 1U);
    EXPECT_EQ(trace.names[trace.events[0].name], "timed");
}

// CUPTI records the calls of a capture too, but they run nothing.
TEST(CudaTrace, CountsNoLaunchesOfACapture) {
    RecordingBuilder b;
    const auto queued = b.operation(Operation::linear, 0, TracePhase::decode, 100);
    const auto captured = b.operation(Operation::linear, 0, TracePhase::decode, 100);
    b.r.captures = {{captured, 1}};
    b.r.graph_kernels = 1;
    b.r.own_launches = 1;
    b.call(1, queued, "cudaLaunchKernel", 1'010'000, 1'011'000);
    b.kernel(1, "product", 1'012'000, 1'013'000);
    b.call(2, captured, "cudaLaunchKernel", 1'014'000, 1'015'000);
    b.node(501, captured);
    b.call(3, captured, "cudaGraphLaunch", 1'016'000, 1'017'000);
    b.kernel(3, "product", 1'018'000, 1'019'000, 501);
    const Trace trace = cuda_trace(b.r);
    EXPECT_EQ(trace.device.launches, 2);
    EXPECT_EQ(trace.device.kernels, 2);
}

// Two layers' products, of which the first was counted twice; the second layer's stays by formula.
TEST(CudaTrace, GivesKernelsWhatWasCountedOfOperationsLikeTheirs) {
    RecordingBuilder b;
    for (const std::int32_t layer : {0, 1}) {
        const auto mark = b.operation(Operation::linear, layer, TracePhase::decode, 1000);
        const auto number = static_cast<std::uint32_t>(2 * mark);
        b.call(number, mark, "cudaLaunchKernel", 1'001'000 * layer + 1'000'000, 1'001'500);
        b.kernel(number, "product", 1'020'000 + 10'000 * layer, 1'024'000 + 10'000 * layer);
        b.call(number + 1, mark, "cudaLaunchKernel", 1'002'000, 1'002'500);
        b.kernel(number + 1, "combine", 1'025'000 + 10'000 * layer, 1'026'000 + 10'000 * layer);
    }
    const CountedOperation first{
        Operation::linear, TracePhase::decode, 0, "attn_q", {3000, 1000, 0.2, 0.4, 7000}};
    CountedOperation again = first, other = first;
    again.counters = {5000, 1000, 0.4, 0.6, 9000};
    other.layer = 7;  // nothing traced is like it
    b.r.counted = {first, again, other};
    b.r.counters_source = "CUPTI 13.0.1";
    const Trace trace = cuda_trace(b.r);
    EXPECT_EQ(trace.device.counters_source, "CUPTI 13.0.1");
    ASSERT_EQ(trace.counters.size(), 2U);
    EXPECT_EQ(trace.counters[0].count, 2);
    EXPECT_EQ(trace.counters[0].mean.dram_read, 4000);
    EXPECT_EQ(trace.counters[0].name, "attn_q");
    const std::vector<KernelGroup> of_first =
        group_events(trace, GroupBy::operation, {.layer = 0, .phase = {}});
    ASSERT_EQ(of_first.size(), 1U);
    ASSERT_TRUE(of_first[0].counted());
    EXPECT_EQ(of_first[0].counted_bytes, 5000);
    EXPECT_DOUBLE_EQ(of_first[0].tensor(), 0.3);
    EXPECT_DOUBLE_EQ(of_first[0].busy(), 0.5);
    EXPECT_TRUE(of_first[0].intensity_counted());
    EXPECT_DOUBLE_EQ(of_first[0].intensity(), 2000.0 / 5000);
    // A group that was not all counted is by formula.
    const std::vector<KernelGroup> all = group_events(trace, GroupBy::operation);
    EXPECT_FALSE(all[0].counted());
    EXPECT_EQ(all[0].intensity(), 2);
    Trace back;
    set_details(back, details_of(trace));
    EXPECT_EQ(back.counters, trace.counters);
    EXPECT_EQ(back.launches, trace.launches);
}

// Names that are put together for a call may lie where others lay before.
TEST(TraceRecorder, KnowsQueuedNamesByWhatTheySay) {
    TraceRecorder recorder(10);
    std::string name = "blk.0.attn_q.weight + blk.0.attn_k.weight";
    recorder.queue({.operation = Operation::linear, .layer = 0}, name);
    name = "blk.0.ffn_gate.weight + blk.0.ffn_up.weight";
    recorder.queue({.operation = Operation::linear, .layer = 0}, name);
    name = "blk.1.attn_q.weight + blk.1.attn_k.weight";
    recorder.queue({.operation = Operation::linear, .layer = 1}, name);
    name = "output.weight";
    recorder.queue({.operation = Operation::logits}, name);
    const std::vector<TraceRecorder::Counted> counted{{1, {}}, {2, {}}, {3, {}}, {4, {}}};
    const std::vector<CountedOperation> operations = recorder.take_counted(counted);
    ASSERT_EQ(operations.size(), 4U);
    EXPECT_EQ(operations[0].name, "attn_q + attn_k");
    EXPECT_EQ(operations[1].name, "ffn_gate + ffn_up");
    EXPECT_EQ(operations[2].name, "attn_q + attn_k");
    EXPECT_EQ(operations[3].name, "output");
}

TEST(CudaTrace, ShowsWhatWasLost) {
    RecordingBuilder b;
    b.call(1, 0, "cudaLaunchKernel", 1'010'000, 1'011'000);
    b.call(2, 0, "cudaLaunchKernel", 1'012'000, 1'013'000);
    b.kernel(1, "seen", 1'020'000, 1'021'000);
    b.r.lost_records = 1;
    const Trace trace = cuda_trace(b.r);
    EXPECT_EQ(trace.device.launches, 2);
    EXPECT_EQ(trace.device.kernels, 1);
    EXPECT_EQ(trace.device.lost_records, 1);
}

TEST(CudaTrace, KeepsTracksWithoutOverlapsAndCallsOnce) {
    RecordingBuilder b;
    b.call(1, 0, "cudaLaunchKernel", 1'010'000, 1'015'000);
    Activity driver;
    driver.kind = ActivityKind::driver_call;
    driver.correlation = 1;
    driver.start = device_time(1'011'000);
    driver.end = device_time(1'012'000);
    b.add(driver, "cuLaunchKernel");
    b.kernel(1, "a", 1'020'000, 1'030'000);
    b.kernel(1, "b", 1'025'000, 1'035'000);  // began before the first had ended
    const Trace trace = cuda_trace(b.r);
    std::map<std::int32_t, std::int64_t> until;
    for (const TraceEvent& event : trace.events) {
        EXPECT_GE(event.start, until[event.track]);
        until[event.track] = event.start + event.duration;
        const auto track = std::find_if(trace.tracks.begin(), trace.tracks.end(),
                                        [&](const TraceTrack& t) { return t.id == event.track; });
        EXPECT_NE(track, trace.tracks.end());
    }
    EXPECT_EQ(trace.events.size(), 3U);
    EXPECT_EQ(trace.device.launches, 1);
}

TEST(CudaTrace, FollowsMemoryByClass) {
    RecordingBuilder b;
    b.r.memory = {{500'000, 1000, 0, 16}, {1'100'000, 50, 1, 32}, {1'300'000, -50, 1, 32}};
    Activity a;
    a.kind = ActivityKind::memory;
    a.allocates = true;
    a.bytes = 50;
    a.address = 32;
    a.start = a.end = device_time(1'100'000);
    b.add(a, "");
    const Trace trace = cuda_trace(b.r);
    ASSERT_EQ(trace.memory.size(), 3U);
    EXPECT_EQ(trace.memory[0].moments, (std::vector<MemoryMoment>{{0, 1000}}));
    EXPECT_EQ(trace.memory[1].moments,
              (std::vector<MemoryMoment>{{0, 0}, {100'000, 50}, {300'000, 0}}));
    EXPECT_EQ(trace.memory[2].name, "CUPTI 13.0.1");
    EXPECT_EQ(trace.memory[2].moments.back().bytes, 1050);
    EXPECT_TRUE(trace.memory[2].seen);
    EXPECT_FALSE(trace.memory[0].seen);
    EXPECT_EQ(trace.device.memory_difference, 50);  // the profiler saw no release
}

TEST(CudaRecording, ComesBackFromItsFileAndRefusesOthers) {
    RecordingBuilder b;
    const auto mark = b.operation(Operation::linear, 3, TracePhase::prefill, 4096);
    b.r.captures = {{mark, 1}};
    b.r.memory = {{500'000, 1000, 0, 16}};
    b.r.problem = "none to speak of";
    b.r.counters_source = "CUPTI 13.0.1";
    b.r.counters_problem = "one was lost";
    b.r.counted = {{Operation::linear, TracePhase::prefill, 3, "attn_q", {1, 2, 0.5, 0.25, 9}}};
    b.call(1, mark, "cudaLaunchKernel", 1'010'000, 1'012'000);
    b.kernel(1, "gemm \"quoted\"", 1'020'000, 1'021'000);
    const std::string path = testing::TempDir() + "/recording.jsonl";
    write_recording(b.r, path);
    const CudaRecording back = read_recording(path);
    EXPECT_EQ(back, b.r);
    EXPECT_EQ(details_of(cuda_trace(back)), details_of(cuda_trace(b.r)));
    std::ofstream(path, std::ios::app) << "[\"kernel\", 99, 1]\n";
    EXPECT_THROW(read_recording(path), TraceError);
    std::ofstream(path, std::ios::trunc) << "{\"hone_cuda_recording\": 7}\n";
    EXPECT_THROW(read_recording(path), TraceError);
    EXPECT_THROW(read_recording(path + ".absent"), TraceError);
}

TEST(Details, ComeBackAsTheyWere) {
    Trace trace;
    trace.tracks = {{16, TrackKind::stream, "stream 7"}};
    trace.launches = {{{1, 2, 3}, {4, 5, 6}, 7, 8}};
    trace.memory = {{"weights", {{0, 5}, {10, 7}}}};
    trace.device.source = "CUPTI 13.0.1";
    trace.device.peak_flops = 1e15;
    trace.device.memory_difference = 512;
    trace.device.counters_problem = "refused";
    trace.counters = {
        {Operation::attention, TracePhase::decode, 3, "attention", 2, {1, 2, 0.5, 0.25, 9}}};
    trace.launches[0].counters = 1;
    trace.slowdown = 1.02;
    Trace back;
    set_details(back, details_of(trace));
    EXPECT_EQ(back.tracks, trace.tracks);
    EXPECT_EQ(back.launches, trace.launches);
    EXPECT_EQ(back.memory, trace.memory);
    EXPECT_EQ(back.device, trace.device);
    EXPECT_EQ(back.counters, trace.counters);
    EXPECT_EQ(back.slowdown, trace.slowdown);
    EXPECT_THROW(set_details(back, R"({"launches": [[1, 1, 1, 1, 1, 1, 0, 0, 2]]})"), TraceError);
    EXPECT_THROW(set_details(back, "nonsense"), TraceError);
}

TEST(KernelTable, GroupsFiltersAndHoldsAgainstThePeaks) {
    RecordingBuilder b;
    for (const std::int32_t layer : {0, 1}) {
        const auto mark = b.operation(Operation::linear, layer, TracePhase::decode, 1'000'000);
        const auto number = static_cast<std::uint32_t>(mark);
        b.call(number, mark, "cudaLaunchKernel", 1'001'000 + 1000 * number,
               1'001'500 + 1000 * number);
        b.kernel(number, "product", 1'020'000 + 10'000 * layer, 1'024'000 + 12'000 * layer);
    }
    Trace trace = cuda_trace(b.r);
    trace.device.peak_bandwidth = 1e12;
    trace.device.peak_flops = 1e14;
    const std::vector<KernelGroup> kernels = group_events(trace, GroupBy::kernel);
    ASSERT_EQ(kernels.size(), 1U);  // calls are no work
    EXPECT_EQ(kernels[0].count, 2);
    EXPECT_NEAR(static_cast<double>(kernels[0].total), 10'000, 10);
    EXPECT_NEAR(static_cast<double>(kernels[0].longest), 6'000, 5);
    EXPECT_NEAR(kernels[0].bandwidth(), 2e6 / 10e-6, 1e9);
    EXPECT_NEAR(*share_of_peak(kernels[0], trace.device), 0.2, 0.01);
    EXPECT_EQ(kernels[0].intensity(), 2);
    EXPECT_EQ(attainable_flops(1e14, 1e12, 2), 2e12);
    EXPECT_EQ(attainable_flops(1e14, 1e12, 1000), 1e14);
    EXPECT_EQ(group_events(trace, GroupBy::layer).size(), 2U);
    const std::vector<KernelGroup> of_layer =
        group_events(trace, GroupBy::operation, {.layer = 1, .phase = {}});
    ASSERT_EQ(of_layer.size(), 1U);
    EXPECT_EQ(of_layer[0].name, "linear");
    EXPECT_EQ(of_layer[0].count, 1);
    EXPECT_FALSE(share_of_peak(kernels[0], {}).has_value());
}

}  // namespace
}  // namespace hone::profiler
