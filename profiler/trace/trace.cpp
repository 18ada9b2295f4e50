// SPDX-License-Identifier: Apache-2.0
#include "profiler/trace/trace.h"

#include <algorithm>
#include <cstring>
#include <fstream>

namespace hone::profiler {
namespace {

constexpr std::array<char, 8> kMagic{'H', 'o', 'n', 'e', 'T', 'r', 'c', '2'};
constexpr std::uint64_t kLongestName = 4096;
constexpr std::uint64_t kLongestDetails = std::uint64_t{256} << 20;

struct Header {
    std::array<char, 8> magic = kMagic;
    std::uint64_t names = 0, events = 0, details = 0;
    std::int64_t dropped = 0;
};

[[noreturn]] void fail(const std::filesystem::path& path, const char* what) {
    throw TraceError("trace " + path.string() + ": " + what);
}

template <typename T>
void put(std::ostream& out, const T* values, std::size_t count = 1) {
    out.write(reinterpret_cast<const char*>(values),
              static_cast<std::streamsize>(count * sizeof(T)));
}

template <typename T>
bool get(std::istream& in, T* values, std::size_t count = 1) {
    return static_cast<bool>(
        in.read(reinterpret_cast<char*>(values), static_cast<std::streamsize>(count * sizeof(T))));
}

bool is_valid(const TraceEvent& event, const Trace& trace) {
    return event.name < trace.names.size() &&
           static_cast<std::size_t>(event.operation) < kOperationNames.size() &&
           event.phase <= TracePhase::decode && event.duration >= 0 && event.launch >= 0 &&
           event.launch <= std::ssize(trace.launches);
}

}  // namespace

std::string_view operation_name(Operation operation) {
    return kOperationNames[static_cast<std::size_t>(operation)];
}

Operation operation_of(std::string_view name) {
    const auto found = std::find(kOperationNames.begin(), kOperationNames.end(), name);
    if (found == kOperationNames.end())
        throw TraceError("unknown operation '" + std::string(name) + "'");
    return static_cast<Operation>(found - kOperationNames.begin());
}

std::string_view phase_name(TracePhase phase) {
    return phase == TracePhase::prefill ? "prefill" : "decode";
}

TracePhase phase_of(std::string_view name) {
    if (name == "prefill") return TracePhase::prefill;
    if (name == "decode") return TracePhase::decode;
    throw TraceError("unknown phase '" + std::string(name) + "'");
}

void write_spool(const Trace& trace, const std::filesystem::path& path) {
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    const std::string details = details_of(trace);
    const Header header{kMagic, trace.names.size(), trace.events.size(), details.size(),
                        trace.dropped};
    put(out, &header);
    for (const std::string& name : trace.names) {
        const std::uint64_t length = name.size();
        put(out, &length);
        put(out, name.data(), name.size());
    }
    put(out, details.data(), details.size());
    put(out, trace.events.data(), trace.events.size());
    out.close();
    if (!out) fail(path, "cannot be written");
}

Trace read_spool(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) fail(path, "cannot be opened");
    const std::uint64_t size = std::filesystem::file_size(path);
    Header header;
    if (!get(in, &header) || header.magic != kMagic) fail(path, "is no trace");
    if (header.names > size / sizeof(std::uint64_t) || header.events > size / sizeof(TraceEvent))
        fail(path, "is cut off");
    Trace trace;
    trace.dropped = header.dropped;
    for (std::uint64_t i = 0; i < header.names; ++i) {
        std::uint64_t length = 0;
        if (!get(in, &length) || length > kLongestName) fail(path, "holds a damaged name");
        std::string name(length, '\0');
        if (!get(in, name.data(), length)) fail(path, "is cut off");
        trace.names.push_back(std::move(name));
    }
    if (header.details > std::min(size, kLongestDetails)) fail(path, "is cut off");
    std::string details(header.details, '\0');
    if (!get(in, details.data(), details.size())) fail(path, "is cut off");
    set_details(trace, details);
    trace.events.resize(header.events);
    if (!get(in, trace.events.data(), trace.events.size())) fail(path, "is cut off");
    for (const TraceEvent& event : trace.events) {
        if (!is_valid(event, trace)) fail(path, "holds a damaged event");
    }
    return trace;
}

}  // namespace hone::profiler
