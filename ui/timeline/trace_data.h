// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "profiler/trace/trace.h"
#include "ui/timeline/lane.h"

namespace hone::ui {

// One call of the model: the whole prompt or a slice of it, or a token of each sequence.
struct Pass {
    profiler::TracePhase phase = profiler::TracePhase::prefill;
    int number = 1;  // within the phase, from 1
};

// Times of a part of the trace, in ns.
struct TimeRange {
    std::int64_t begin = 0, end = 0;
    std::int64_t length() const { return end - begin; }
    bool operator==(const TimeRange&) const = default;
};

// A trace made ready to be looked at. Built on any thread, then only read, by one thread at a time.
class TraceData {
public:
    explicit TraceData(profiler::Trace trace);

    const profiler::Trace& trace() const { return trace_; }
    const std::vector<profiler::TraceEvent>& events() const { return trace_.events; }
    const profiler::TraceEvent& event(std::size_t index) const { return trace_.events[index]; }
    const std::string& name(const profiler::TraceEvent& event) const { return trace_.names[event.name]; }
    bool empty() const { return trace_.events.empty(); }
    std::int64_t end() const { return end_; }  // of the last event, ns
    TimeRange all() const { return {0, end_}; }

    const Lane& passes() const { return passes_; }  // kind: TracePhase
    const Pass& pass(std::size_t span) const { return passOf_[span]; }
    const Lane& layers() const { return layers_; }                      // of the first track; one kind
    const std::vector<Lane>& tracks() const { return tracks_; }         // operations; kind: Operation
    const std::vector<std::int32_t>& trackIds() const { return ids_; }  // ascending
    std::size_t trackOf(std::size_t event) const;                       // index into tracks()
    bool has(profiler::Operation operation) const;

    // profiler::totals() of the range, looking only at the events that may lie in it.
    std::vector<profiler::OperationTotal> totals(TimeRange range) const;
    // The next event of the same track, or the previous one; nothing at the end.
    std::optional<std::size_t> neighbour(std::size_t event, bool forward) const;
    // The range that is next larger than `range` about the event: its own, its layer's, its pass's.
    std::optional<TimeRange> enclosing(std::size_t event, std::optional<TimeRange> range) const;

private:
    void buildTracks();
    void buildLayers();
    void buildPasses();

    profiler::Trace trace_;
    std::int64_t end_ = 0, longest_ = 0;
    std::uint32_t operations_ = 0;  // a bit an operation that occurs
    Lane passes_, layers_;
    std::vector<Pass> passOf_;
    std::vector<Lane> tracks_;
    std::vector<std::int32_t> ids_;
};

}  // namespace hone::ui
