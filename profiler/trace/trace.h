// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace hone::profiler {

enum class Operation : std::uint8_t {
    embed,
    norm,
    linear,
    rope,
    remember,  // keys and values into the cache
    attention,
    gate,
    add,
    logits,  // the product with the output matrix
    sample
};
inline constexpr std::array<std::string_view, 10> kOperationNames{
    "embed", "norm", "linear", "rope", "remember", "attention", "gate", "add", "logits", "sample"};
std::string_view operation_name(Operation operation);
Operation operation_of(std::string_view name);  // throws TraceError

enum class TracePhase : std::uint8_t { prefill, decode };
std::string_view phase_name(TracePhase phase);
TracePhase phase_of(std::string_view name);  // throws TraceError

// One timed operation. Bytes are those that must come from memory: stored weights for a product, the positions that the
// mask lets through for attention, inputs and outputs for the rest.
struct TraceEvent {
    std::int64_t start = 0, duration = 0;  // ns; from the trace's start
    std::int64_t bytes = 0, flops = 0;
    std::int32_t layer = -1;  // −1: of no layer
    std::uint16_t name = 0;   // index into Trace::names
    Operation operation = Operation::embed;
    TracePhase phase = TracePhase::prefill;
    std::int32_t track = 0;  // thread
    std::int32_t reserved = 0;
};
static_assert(sizeof(TraceEvent) == 48);

struct Trace {
    std::vector<std::string> names;
    std::vector<TraceEvent> events;  // by start, without overlaps within a track
    std::int64_t dropped = 0;        // events that no room was left for
};

class TraceError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// Sums over events of one operation.
struct OperationTotal {
    Operation operation = Operation::embed;
    std::int64_t count = 0, duration = 0;  // ns
    double bytes = 0, flops = 0;
};

// Totals of [begin, end) ns, longest first. An event that reaches over an edge counts with the share of it that lies inside.
std::vector<OperationTotal> totals(std::span<const TraceEvent> events, std::int64_t begin, std::int64_t end);

// The trace as a file of fixed records, in this machine's byte order. Throw TraceError naming the file.
void write_spool(const Trace& trace, const std::filesystem::path& path);
Trace read_spool(const std::filesystem::path& path);

}  // namespace hone::profiler
