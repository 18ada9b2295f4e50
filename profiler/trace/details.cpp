// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <nlohmann/json.hpp>

#include "profiler/trace/trace.h"

namespace hone::profiler {
namespace {

using nlohmann::json;

json facts_json(const CudaTraceFacts& facts) {
    return {{"device", facts.device},
            {"source", facts.source},
            {"problem", facts.problem},
            {"kernels", facts.kernels},
            {"launches", facts.launches},
            {"lost_records", facts.lost_records},
            {"unknown_times", facts.unknown_times},
            {"kernel_time", facts.kernel_time},
            {"attributed_time", facts.attributed_time},
            {"clock_error", facts.clock_error},
            {"peak_bandwidth", facts.peak_bandwidth},
            {"peak_flops", facts.peak_flops},
            {"memory_difference", facts.memory_difference},
            {"counters_source", facts.counters_source},
            {"counters_problem", facts.counters_problem}};
}

CudaTraceFacts facts_of(const json& value) {
    CudaTraceFacts facts;
    value.at("device").get_to(facts.device);
    value.at("source").get_to(facts.source);
    value.at("problem").get_to(facts.problem);
    value.at("kernels").get_to(facts.kernels);
    value.at("launches").get_to(facts.launches);
    value.at("lost_records").get_to(facts.lost_records);
    value.at("unknown_times").get_to(facts.unknown_times);
    value.at("kernel_time").get_to(facts.kernel_time);
    value.at("attributed_time").get_to(facts.attributed_time);
    value.at("clock_error").get_to(facts.clock_error);
    value.at("peak_bandwidth").get_to(facts.peak_bandwidth);
    value.at("peak_flops").get_to(facts.peak_flops);
    // Not in traces of earlier versions.
    facts.memory_difference = value.value("memory_difference", facts.memory_difference);
    facts.counters_source = value.value("counters_source", "");
    facts.counters_problem = value.value("counters_problem", "");
    return facts;
}

TrackKind track_kind_of(const std::string& name) {
    const auto found = std::find(kTrackKinds.begin(), kTrackKinds.end(), name);
    if (found == kTrackKinds.end()) throw TraceError("unknown kind of track '" + name + "'");
    return static_cast<TrackKind>(found - kTrackKinds.begin());
}

json launch_json(const KernelLaunch& launch) {
    json value{launch.grid[0],  launch.grid[1],  launch.grid[2],   launch.block[0],
               launch.block[1], launch.block[2], launch.registers, launch.shared_bytes};
    if (launch.counters > 0) value.push_back(launch.counters);
    return value;
}

KernelLaunch launch_of(const json& value) {
    const auto number = [&](std::size_t i) { return value.at(i).get<std::int32_t>(); };
    return {{number(0), number(1), number(2)},
            {number(3), number(4), number(5)},
            number(6),
            number(7),
            value.size() > 8 ? number(8) : 0};
}

json counters_json(const OperationCounters& of) {
    return {{"operation", operation_name(of.operation)},
            {"phase", phase_name(of.phase)},
            {"layer", of.layer},
            {"name", of.name},
            {"count", of.count},
            {"dram_read", of.mean.dram_read},
            {"dram_written", of.mean.dram_written},
            {"tensor", of.mean.tensor},
            {"busy", of.mean.busy},
            {"nanoseconds", of.mean.nanoseconds}};
}

OperationCounters counters_of(const json& value) {
    OperationCounters of;
    of.operation = operation_of(value.at("operation").get<std::string>());
    of.phase = phase_of(value.at("phase").get<std::string>());
    value.at("layer").get_to(of.layer);
    value.at("name").get_to(of.name);
    value.at("count").get_to(of.count);
    value.at("dram_read").get_to(of.mean.dram_read);
    value.at("dram_written").get_to(of.mean.dram_written);
    value.at("tensor").get_to(of.mean.tensor);
    value.at("busy").get_to(of.mean.busy);
    value.at("nanoseconds").get_to(of.mean.nanoseconds);
    return of;
}

}  // namespace

std::string details_of(const Trace& trace) {
    json details = json::object();
    for (const TraceTrack& track : trace.tracks)
        details["tracks"].push_back({{"id", track.id},
                                     {"kind", kTrackKinds[static_cast<std::size_t>(track.kind)]},
                                     {"name", track.name}});
    for (const KernelLaunch& launch : trace.launches)
        details["launches"].push_back(launch_json(launch));
    for (const MemoryLine& line : trace.memory) {
        json moments = json::array();
        for (const MemoryMoment& moment : line.moments)
            moments.push_back({moment.time, moment.bytes});
        details["memory"].push_back({{"name", line.name}, {"moments", std::move(moments)}});
        if (line.seen) details["memory"].back()["seen"] = true;
    }
    for (const OperationCounters& of : trace.counters)
        details["counters"].push_back(counters_json(of));
    if (trace.slowdown > 0) details["slowdown"] = trace.slowdown;
    if (!trace.kernels.empty()) details["kernels"] = trace.kernels;
    if (!trace.device.empty()) details["device"] = facts_json(trace.device);
    return details.dump();
}

void set_details(Trace& trace, std::string_view text) try {
    const json details = json::parse(text);
    trace.tracks.clear();
    trace.launches.clear();
    trace.memory.clear();
    trace.counters.clear();
    for (const json& track : details.value("tracks", json::array()))
        trace.tracks.push_back({track.at("id").get<std::int32_t>(),
                                track_kind_of(track.at("kind").get<std::string>()),
                                track.at("name").get<std::string>()});
    for (const json& launch : details.value("launches", json::array()))
        trace.launches.push_back(launch_of(launch));
    for (const json& line : details.value("memory", json::array())) {
        trace.memory.push_back({line.at("name").get<std::string>(), {}, line.value("seen", false)});
        for (const json& moment : line.at("moments"))
            trace.memory.back().moments.push_back(
                {moment.at(0).get<std::int64_t>(), moment.at(1).get<std::int64_t>()});
    }
    for (const json& of : details.value("counters", json::array()))
        trace.counters.push_back(counters_of(of));
    trace.slowdown = details.value("slowdown", 0.0);
    trace.kernels = details.value("kernels", std::map<std::string, std::string, std::less<>>());
    trace.device = details.contains("device") ? facts_of(details.at("device")) : CudaTraceFacts{};
    for (const KernelLaunch& launch : trace.launches)
        if (launch.counters < 0 || launch.counters > std::ssize(trace.counters))
            throw TraceError("a launch whose counters are not there");
    // Traces of earlier versions say it by the name alone.
    for (MemoryLine& line : trace.memory)
        line.seen = line.seen || line.name == trace.device.source || line.name == kMemoryPools;
} catch (const json::exception& error) {
    throw TraceError(std::string("a trace's details cannot be read: ") + error.what());
}

}  // namespace hone::profiler
