// SPDX-License-Identifier: Apache-2.0
#include "profiler/trace/chrome.h"

#include <array>
#include <cinttypes>
#include <cstdio>
#include <ostream>
#include <set>

namespace hone::profiler {
namespace {

std::string json_text(std::string_view text) {
    std::string result = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            result += '\\';
            result += c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            std::array<char, 8> code{};
            std::snprintf(code.data(), code.size(), "\\u%04x", static_cast<unsigned>(c));
            result += code.data();
        } else {
            result += c;
        }
    }
    return result + '"';
}

// Exact: ns have three places in µs.
std::string microseconds(std::int64_t ns) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%" PRId64 ".%03d", ns / 1000,
                  static_cast<int>(ns % 1000));
    return text.data();
}

void write_launch(const KernelLaunch& launch, std::ostream& out) {
    const auto& [grid, block, registers, shared, counters] = launch;
    out << ",\"grid\":[" << grid[0] << ',' << grid[1] << ',' << grid[2] << "],\"block\":["
        << block[0] << ',' << block[1] << ',' << block[2]
        << "],\"registers_per_thread\":" << registers << ",\"shared_bytes\":" << shared;
}

void write_event(const TraceEvent& event, const Trace& trace, const std::string& name,
                 std::ostream& out) {
    out << ",\n{\"ph\":\"X\",\"pid\":1,\"tid\":" << event.track + 1 << ",\"name\":" << name
        << ",\"cat\":\"" << phase_name(event.phase) << "\",\"ts\":" << microseconds(event.start)
        << ",\"dur\":" << microseconds(event.duration) << ",\"args\":{\"operation\":\""
        << operation_name(event.operation) << '"';
    if (event.layer >= 0) out << ",\"layer\":" << event.layer;
    out << ",\"bytes\":" << event.bytes << ",\"flops\":" << event.flops;
    if (const auto kernel = trace.kernels.find(trace.names[event.name]);
        kernel != trace.kernels.end())
        out << ",\"kernel\":" << json_text(kernel->second);
    if (event.launch > 0)
        write_launch(trace.launches[static_cast<std::size_t>(event.launch - 1)], out);
    out << "}}";
}

std::string track_name(const Trace& trace, std::int32_t id) {
    for (const TraceTrack& track : trace.tracks)
        if (track.id == id) return track.name;
    return "cpu " + std::to_string(id);
}

// One counter a class: bytes held, stepwise.
void write_memory(const MemoryLine& line, std::ostream& out) {
    for (const MemoryMoment& moment : line.moments)
        out << ",\n{\"ph\":\"C\",\"pid\":1,\"name\":" << json_text("memory: " + line.name)
            << ",\"ts\":" << microseconds(moment.time) << ",\"args\":{\"bytes\":" << moment.bytes
            << "}}";
}

}  // namespace

void write_chrome_trace(const Trace& trace, std::string_view title, std::ostream& out) {
    std::vector<std::string> names;
    for (const std::string& name : trace.names) names.push_back(json_text(name));
    std::set<std::int32_t> tracks;
    for (const TraceEvent& event : trace.events) tracks.insert(event.track);
    out << "{\"displayTimeUnit\":\"ns\",\"otherData\":{\"dropped_events\":" << trace.dropped
        << "},\"traceEvents\":[\n{\"ph\":\"M\",\"pid\":1,\"name\":\"process_name\",\"args\":{"
           "\"name\":"
        << json_text(title) << "}}";
    for (const std::int32_t track : tracks)
        out << ",\n{\"ph\":\"M\",\"pid\":1,\"tid\":" << track + 1
            << ",\"name\":\"thread_name\",\"args\":{\"name\":"
            << json_text(track_name(trace, track)) << "}}";
    for (const MemoryLine& line : trace.memory) write_memory(line, out);
    for (const TraceEvent& event : trace.events) write_event(event, trace, names[event.name], out);
    out << "\n]}\n";
}

}  // namespace hone::profiler
