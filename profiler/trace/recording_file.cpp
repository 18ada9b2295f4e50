// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "profiler/trace/cuda_trace.h"

namespace hone::profiler {
namespace {

using nlohmann::json;

constexpr int kVersion = 2, kOldestVersion = 1;

// Each record is an array: what every kind has, then a kernel's launch.
json record_json(const CudaRecording::Record& record) {
    const Activity& a = record.activity;
    json line{kActivityNames[static_cast<std::size_t>(a.kind)],
              record.name,
              a.start,
              a.end,
              a.correlation,
              a.mark,
              a.device,
              a.stream,
              a.bytes,
              a.graph_node,
              static_cast<int>(a.direction),
              a.allocates ? 1 : 0,
              a.address,
              a.call};
    if (a.kind == ActivityKind::kernel)
        for (const std::int32_t value : {a.grid[0], a.grid[1], a.grid[2], a.block[0], a.block[1],
                                         a.block[2], a.registers, a.shared_bytes})
            line.push_back(value);
    return line;
}

CudaRecording::Record record_of(const json& line) {
    const auto kind = line.at(0).get<std::string>();
    const auto found = std::find(kActivityNames.begin(), kActivityNames.end(), kind);
    if (found == kActivityNames.end()) throw TraceError("a record of unknown kind '" + kind + "'");
    CudaRecording::Record record;
    Activity& a = record.activity;
    a.kind = static_cast<ActivityKind>(found - kActivityNames.begin());
    line.at(1).get_to(record.name);
    line.at(2).get_to(a.start);
    line.at(3).get_to(a.end);
    line.at(4).get_to(a.correlation);
    line.at(5).get_to(a.mark);
    line.at(6).get_to(a.device);
    line.at(7).get_to(a.stream);
    line.at(8).get_to(a.bytes);
    line.at(9).get_to(a.graph_node);
    const int direction = line.at(10).get<int>();
    if (direction < 0 || direction >= static_cast<int>(kCopyDirections.size()))
        throw TraceError("a copy of unknown direction " + std::to_string(direction));
    a.direction = static_cast<CopyDirection>(direction);
    a.allocates = line.at(11).get<int>() != 0;
    line.at(12).get_to(a.address);
    line.at(13).get_to(a.call);
    if (a.kind != ActivityKind::kernel) return record;
    for (std::size_t i = 0; i < 3; ++i) {
        line.at(14 + i).get_to(a.grid[i]);
        line.at(17 + i).get_to(a.block[i]);
    }
    line.at(20).get_to(a.registers);
    line.at(21).get_to(a.shared_bytes);
    return record;
}

json counted_json(const CountedOperation& of) {
    const HardwareCounters& c = of.counters;
    return {operation_name(of.operation),
            phase_name(of.phase),
            of.layer,
            of.name,
            c.dram_read,
            c.dram_written,
            c.tensor,
            c.busy,
            c.nanoseconds};
}

CountedOperation counted_of(const json& value) {
    const auto figure = [&](std::size_t i) { return value.at(i).get<double>(); };
    return {operation_of(value.at(0).get<std::string>()),
            phase_of(value.at(1).get<std::string>()),
            value.at(2).get<std::int32_t>(),
            value.at(3).get<std::string>(),
            {figure(4), figure(5), figure(6), figure(7), figure(8)}};
}

json header_json(const CudaRecording& r) {
    json clock = json::array(), operations = json::array(), captures = json::array(),
         memory = json::array();
    json counted = json::array();
    for (const ClockPair& pair : r.clock) clock.push_back({pair.device, pair.host});
    for (const QueuedOperation& o : r.operations)
        operations.push_back(
            {operation_name(o.operation), phase_name(o.phase), o.layer, o.name, o.bytes, o.flops});
    for (const CapturedOperations& c : r.captures) captures.push_back({c.first, c.count});
    for (const MemoryChange& m : r.memory) memory.push_back({m.time, m.bytes, m.kind, m.address});
    for (const CountedOperation& of : r.counted) counted.push_back(counted_json(of));
    return {{"hone_cuda_recording", kVersion},
            {"device", r.device},
            {"source", r.source},
            {"problem", r.problem},
            {"begin", r.begin},
            {"names", r.names},
            {"clock", std::move(clock)},
            {"operation_names", r.operation_names},
            {"operations", std::move(operations)},
            {"captures", std::move(captures)},
            {"graph_kernels", r.graph_kernels},
            {"own_launches", r.own_launches},
            {"lost_records", r.lost_records},
            {"memory_classes", r.memory_classes},
            {"memory", std::move(memory)},
            {"peak_bandwidth", r.peak_bandwidth},
            {"peak_flops", r.peak_flops},
            {"counters_source", r.counters_source},
            {"counters_problem", r.counters_problem},
            {"counted", std::move(counted)}};
}

CudaRecording header_of(const json& header) {
    CudaRecording r;
    const int version = header.at("hone_cuda_recording").get<int>();
    if (version < kOldestVersion || version > kVersion)
        throw TraceError("version " + std::to_string(version) + ", expected " +
                         std::to_string(kOldestVersion) + " to " + std::to_string(kVersion));
    header.at("device").get_to(r.device);
    header.at("source").get_to(r.source);
    header.at("problem").get_to(r.problem);
    header.at("begin").get_to(r.begin);
    header.at("names").get_to(r.names);
    for (const json& pair : header.at("clock"))
        r.clock.push_back({pair.at(0).get<std::int64_t>(), pair.at(1).get<std::int64_t>()});
    header.at("operation_names").get_to(r.operation_names);
    for (const json& o : header.at("operations")) {
        const auto name = o.at(3).get<std::uint16_t>();
        if (name >= r.operation_names.size()) throw TraceError("an operation without a name");
        r.operations.push_back({operation_of(o.at(0).get<std::string>()),
                                phase_of(o.at(1).get<std::string>()), o.at(2).get<std::int32_t>(),
                                name, o.at(4).get<std::int64_t>(), o.at(5).get<std::int64_t>()});
    }
    for (const json& c : header.at("captures"))
        r.captures.push_back({c.at(0).get<std::uint64_t>(), c.at(1).get<std::int64_t>()});
    header.at("graph_kernels").get_to(r.graph_kernels);
    header.at("own_launches").get_to(r.own_launches);
    header.at("lost_records").get_to(r.lost_records);
    header.at("memory_classes").get_to(r.memory_classes);
    for (const json& m : header.at("memory")) {
        const auto kind = m.at(2).get<std::uint16_t>();
        if (kind >= r.memory_classes.size()) throw TraceError("memory of an unknown class");
        r.memory.push_back({m.at(0).get<std::int64_t>(), m.at(1).get<std::int64_t>(), kind,
                            m.at(3).get<std::uint64_t>()});
    }
    header.at("peak_bandwidth").get_to(r.peak_bandwidth);
    header.at("peak_flops").get_to(r.peak_flops);
    if (version == 1) return r;
    header.at("counters_source").get_to(r.counters_source);
    header.at("counters_problem").get_to(r.counters_problem);
    for (const json& of : header.at("counted")) r.counted.push_back(counted_of(of));
    return r;
}

}  // namespace

void write_recording(const CudaRecording& recording, const std::string& path) {
    std::ofstream out(path, std::ios::trunc);
    out << header_json(recording).dump() << '\n';
    for (const CudaRecording::Record& record : recording.records)
        out << record_json(record).dump() << '\n';
    out.close();
    if (!out) throw TraceError("recording " + path + ": cannot be written");
}

CudaRecording read_recording(const std::string& path) {
    std::ifstream in(path);
    std::string line;
    if (!std::getline(in, line)) throw TraceError("recording " + path + ": cannot be read");
    std::size_t number = 1;
    try {
        CudaRecording recording = header_of(json::parse(line));
        while (std::getline(in, line)) {
            ++number;
            recording.records.push_back(record_of(json::parse(line)));
            if (recording.records.back().name >= recording.names.size())
                throw TraceError("a record without a name");
        }
        return recording;
    } catch (const std::exception& error) {
        throw TraceError("recording " + path + ", line " + std::to_string(number) + ": " +
                         error.what());
    }
}

}  // namespace hone::profiler
