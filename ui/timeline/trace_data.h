// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "profiler/trace/kernel_table.h"
#include "profiler/trace/trace.h"
#include "ui/timeline/lane.h"
#include "ui/timeline/memory_steps.h"

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
    const std::string& name(const profiler::TraceEvent& event) const {
        return trace_.names[event.name];
    }
    bool empty() const { return trace_.events.empty(); }
    std::int64_t end() const { return end_; }  // of the last event, ns
    TimeRange all() const { return {0, end_}; }

    const Lane& passes() const { return passes_; }  // kind: TracePhase
    const Pass& pass(std::size_t span) const { return passOf_[span]; }
    const Lane& layers() const { return layers_; }               // of the main track; one kind
    const std::vector<Lane>& tracks() const { return tracks_; }  // operations; kind: Operation
    // What a track is called; empty where a thread of the CPU is the only one.
    const std::string& trackName(std::size_t track) const { return trackNames_[track]; }
    bool ofDevice() const { return !trace_.device.empty(); }
    const MemorySteps& memory() const { return memory_; }
    std::int32_t mostLayer() const {
        return mostLayer_;
    }                                              // the highest layer that occurs; −1: none does
    std::size_t trackOf(std::size_t event) const;  // index into tracks()
    bool has(profiler::Operation operation) const;

    // profiler::group_events(), looking only at the events that may lie in the filter's range; of
    // the whole trace they are known.
    std::vector<profiler::KernelGroup> groups(profiler::GroupBy by,
                                              const profiler::TraceFilter& filter) const;
    // The next event of the same track, or the previous one; nothing at the end.
    std::optional<std::size_t> neighbour(std::size_t event, bool forward) const;
    // The range that is next larger than `range` about the event: its own, its layer's, its pass's.
    std::optional<TimeRange> enclosing(std::size_t event, std::optional<TimeRange> range) const;

private:
    void findTracks();
    void buildTracks();
    void buildLayers();
    void buildPasses();

    profiler::Trace trace_;
    std::int64_t end_ = 0, longest_ = 0;
    std::uint32_t operations_ = 0;  // a bit an operation that occurs
    Lane passes_, layers_;
    std::vector<Pass> passOf_;
    std::vector<Lane> tracks_;
    std::vector<std::int32_t> ids_;         // of the tracks
    std::vector<std::uint16_t> placeOfId_;  // track id → index of tracks_
    std::vector<std::string> trackNames_;
    std::int32_t main_ = 0;  // id of the track whose passes and layers are shown
    std::int32_t mostLayer_ = -1;
    MemorySteps memory_;
    std::array<std::vector<profiler::KernelGroup>, 3> whole_;  // by GroupBy
};

}  // namespace hone::ui
