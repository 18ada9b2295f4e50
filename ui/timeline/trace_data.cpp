// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/timeline/trace_data.h"

#include <algorithm>
#include <utility>

namespace hone::ui {

using profiler::GroupBy;
using profiler::Operation;
using profiler::TraceEvent;

namespace {

constexpr std::size_t operationKinds = profiler::kOperationNames.size(), phaseKinds = 2;

std::int64_t endOf(const TraceEvent& event) {
    return event.start + event.duration;
}

bool startsBefore(const TraceEvent& a, const TraceEvent& b) {
    return a.start < b.start;
}

}  // namespace

TraceData::TraceData(profiler::Trace trace) : trace_(std::move(trace)) {
    auto& events = trace_.events;
    // Tracks that were recorded apart may come one after another.
    if (!std::is_sorted(events.begin(), events.end(), startsBefore))
        std::stable_sort(events.begin(), events.end(), startsBefore);
    for (const TraceEvent& event : events) {
        end_ = std::max(end_, endOf(event));
        longest_ = std::max(longest_, event.duration);
        operations_ |= 1U << static_cast<unsigned>(event.operation);
        mostLayer_ = std::max(mostLayer_, event.layer);
    }
    findTracks();
    buildTracks();
    buildLayers();
    buildPasses();
    memory_ = MemorySteps(trace_);
    for (const GroupBy by : {GroupBy::kernel, GroupBy::operation, GroupBy::layer})
        whole_[static_cast<std::size_t>(by)] = profiler::group_events(trace_, by);
}

// In the trace's order where it names them, else by number; a device's first stream is what the
// passes and layers are of.
void TraceData::findTracks() {
    std::int32_t highest = 0;
    for (const TraceEvent& event : events()) highest = std::max(highest, event.track);
    std::vector<bool> used(static_cast<std::size_t>(highest) + 1);
    for (const TraceEvent& event : events()) used[static_cast<std::size_t>(event.track)] = true;
    const profiler::TraceTrack* stream = nullptr;
    for (const profiler::TraceTrack& track : trace_.tracks) {
        if (track.id < 0 || track.id > highest || !used[static_cast<std::size_t>(track.id)])
            continue;
        used[static_cast<std::size_t>(track.id)] = false;
        ids_.push_back(track.id);
        trackNames_.push_back(track.name);
        if (stream == nullptr && track.kind == profiler::TrackKind::stream) stream = &track;
    }
    for (std::int32_t id = 0; id <= highest && !events().empty(); ++id) {
        if (!used[static_cast<std::size_t>(id)]) continue;
        ids_.push_back(id);
        trackNames_.emplace_back();
    }
    placeOfId_.resize(static_cast<std::size_t>(highest) + 1);
    for (std::size_t i = 0; i < ids_.size(); ++i)
        placeOfId_[static_cast<std::size_t>(ids_[i])] = static_cast<std::uint16_t>(i);
    main_ = stream != nullptr ? stream->id : ids_.empty() ? 0 : ids_.front();
}

void TraceData::buildTracks() {
    std::vector<std::vector<Span>> spans(ids_.size());
    if (spans.size() == 1) spans[0].reserve(events().size());
    for (std::size_t i = 0; i < events().size(); ++i)
        spans[trackOf(i)].push_back({event(i).start, endOf(event(i)), static_cast<std::uint32_t>(i),
                                     static_cast<std::uint16_t>(event(i).operation)});
    for (auto& track : spans) tracks_.emplace_back(std::move(track), operationKinds);
}

// A layer's span reaches from its first event to its last; what belongs to no layer leaves a gap.
void TraceData::buildLayers() {
    std::vector<Span> spans;
    std::int32_t layer = -1;
    for (std::size_t i = 0; i < events().size(); ++i) {
        const TraceEvent& now = event(i);
        if (now.track != main_) continue;
        if (now.layer >= 0 && now.layer == layer)
            spans.back().end = endOf(now);
        else if (now.layer >= 0)
            spans.push_back({now.start, endOf(now), static_cast<std::uint32_t>(i), 0});
        layer = now.layer;
    }
    layers_ = Lane(std::move(spans), 1);
}

// Every pass begins with looking up its tokens' embeddings.
void TraceData::buildPasses() {
    std::vector<Span> spans;
    int counts[phaseKinds] = {};
    for (std::size_t i = 0; i < events().size(); ++i) {
        const TraceEvent& now = event(i);
        if (now.track != main_) continue;
        const auto kind = static_cast<std::uint16_t>(now.phase);
        if (spans.empty() || spans.back().kind != kind || now.operation == Operation::embed) {
            spans.push_back({now.start, endOf(now), static_cast<std::uint32_t>(i), kind});
            passOf_.push_back({now.phase, ++counts[kind]});
        }
        spans.back().end = endOf(now);
    }
    passes_ = Lane(std::move(spans), phaseKinds);
}

std::size_t TraceData::trackOf(std::size_t index) const {
    return placeOfId_[static_cast<std::size_t>(event(index).track)];
}

bool TraceData::has(Operation operation) const {
    return (operations_ >> static_cast<unsigned>(operation) & 1U) != 0;
}

std::vector<profiler::KernelGroup> TraceData::groups(profiler::GroupBy by,
                                                     const profiler::TraceFilter& filter) const {
    if (filter.begin <= 0 && filter.end >= end_ && !filter.layer && !filter.phase)
        return whole_[static_cast<std::size_t>(by)];
    const auto starts = [](const TraceEvent& event, std::int64_t time) {
        return event.start < time;
    };
    // An event that began earlier than this is over.
    const auto first =
        std::lower_bound(events().begin(), events().end(), filter.begin - longest_, starts);
    const auto last = std::lower_bound(first, events().end(), filter.end, starts);
    return profiler::group_events(trace_, static_cast<std::size_t>(first - events().begin()),
                                  static_cast<std::size_t>(last - events().begin()), by, filter);
}

std::optional<std::size_t> TraceData::neighbour(std::size_t from, bool forward) const {
    const auto spans = tracks_[trackOf(from)].spans();
    const auto at =
        std::lower_bound(spans.begin(), spans.end(), from,
                         [](const Span& span, std::size_t index) { return span.first < index; });
    if (forward)
        return at + 1 < spans.end() ? std::optional<std::size_t>((at + 1)->first) : std::nullopt;
    return at > spans.begin() ? std::optional<std::size_t>((at - 1)->first) : std::nullopt;
}

std::optional<TimeRange> TraceData::enclosing(std::size_t index,
                                              std::optional<TimeRange> range) const {
    const TraceEvent& about = event(index);
    std::vector<TimeRange> wider{{about.start, endOf(about)}};
    for (const Lane* lane : {&layers_, &passes_})
        if (const auto span = lane->at(static_cast<double>(about.start)))
            wider.push_back({lane->spans()[*span].begin, lane->spans()[*span].end});
    for (const TimeRange& candidate : wider)
        if (!range || candidate.length() > range->length()) return candidate;
    return std::nullopt;
}

}  // namespace hone::ui
