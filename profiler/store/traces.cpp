// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>
#include <map>
#include <unordered_map>

#include "engine/base/bounded_json.h"
#include "profiler/store/connection.h"

namespace hone::profiler {
namespace {

// What the column `device` says of a track's events.
std::string device_of(const Trace& trace, std::int32_t track) {
    for (const TraceTrack& it : trace.tracks)
        if (it.id == track && (it.kind == TrackKind::stream || it.kind == TrackKind::copies))
            return trace.device.device;
    return "cpu";
}

void insert(SQLite::Statement& statement, std::int64_t run, std::int64_t position,
            const Trace& trace, std::map<std::int32_t, std::string>& devices) {
    const TraceEvent& event = trace.events[static_cast<std::size_t>(position)];
    statement.bind(1, run);
    statement.bind(2, position);
    statement.bindNoCopy(3, trace.names[event.name]);
    statement.bind(4, std::string(operation_name(event.operation)));
    if (event.layer >= 0)
        statement.bind(5, event.layer);
    else
        statement.bind(5);
    statement.bind(6, std::string(phase_name(event.phase)));
    const auto [device, added] = devices.try_emplace(event.track);
    if (added) device->second = device_of(trace, event.track);
    statement.bindNoCopy(7, device->second);
    statement.bind(8, event.track);
    statement.bind(9, event.start);
    statement.bind(10, event.duration);
    statement.bind(11, event.bytes);
    statement.bind(12, event.flops);
    statement.bind(13, event.launch);
    statement.exec();
    statement.reset();
}

// Text that many rows share, as a number: a trace has few of each, and a million rows.
template <typename Id>
class SharedText {
public:
    // The number of `text`; `make` gives it where this is the first time.
    template <typename Make>
    Id id(const char* text, Make&& make) {
        const auto found = ids_.find(std::string_view(text));
        return found != ids_.end() ? found->second : ids_.emplace(text, make(text)).first->second;
    }

private:
    struct Hash : std::hash<std::string_view> {
        using is_transparent = void;
    };
    std::unordered_map<std::string, Id, Hash, std::equal_to<>> ids_;
};

void read_events(SQLite::Statement& rows, Trace& trace) {
    SharedText<std::uint16_t> names;
    SharedText<Operation> operations;
    SharedText<TracePhase> phases;
    const auto named = [&trace](const char* text) {
        if (trace.names.size() > std::numeric_limits<std::uint16_t>::max())
            throw TraceError("a trace with more names than its events can have");
        trace.names.emplace_back(text);
        return static_cast<std::uint16_t>(trace.names.size() - 1);
    };
    while (rows.executeStep()) {
        const SQLite::Column layer = rows.getColumn(2);
        for (const int column : {0, 1, 3})
            if (!rows.getColumn(column).isText())
                throw TraceError("an event without a name, operation or phase");
        trace.events.push_back(
            {.start = rows.getColumn(5).getInt64(),
             .duration = rows.getColumn(6).getInt64(),
             .bytes = rows.getColumn(7).getInt64(),
             .flops = rows.getColumn(8).getInt64(),
             .layer = layer.isNull() ? -1 : layer.getInt(),
             .name = names.id(rows.getColumn(0).getText(), named),
             .operation = operations.id(rows.getColumn(1).getText(), operation_of),
             .phase = phases.id(rows.getColumn(3).getText(), phase_of),
             .track = rows.getColumn(4).getInt(),
             .launch = rows.getColumn(9).getInt()});
        const TraceEvent& event = trace.events.back();
        if (event.duration < 0 || event.bytes < 0 || event.flops < 0)
            throw TraceError("an event of less than nothing");
        if (event.launch < 0 || event.launch > std::ssize(trace.launches))
            throw TraceError("an event of a launch that is not there");
    }
}

Trace read_trace(SQLite::Database& database, std::int64_t run) {
    Trace trace;
    SQLite::Statement of_run(
        database, "SELECT trace_dropped, trace_details, trace_events FROM run WHERE id = ?");
    of_run.bind(1, run);
    if (!of_run.executeStep()) return trace;
    trace.dropped = of_run.getColumn(0).getInt64();
    const std::string details = of_run.getColumn(1).getString();
    if (json_depth(details) > JsonBounds{}.depth)
        throw TraceError("a trace's details nest too deep");
    set_details(trace, details);
    // As many as there should be, within what a damaged number may cost.
    constexpr std::int64_t kMostReserved = 4'000'000;
    trace.events.reserve(static_cast<std::size_t>(
        std::clamp<std::int64_t>(of_run.getColumn(2).getInt64(), 0, kMostReserved)));
    SQLite::Statement rows(
        database,
        "SELECT name, operation, layer, phase, track, start, duration, bytes, flops, "
        "launch FROM trace WHERE run_id = ? ORDER BY position");
    rows.bind(1, run);
    read_events(rows, trace);
    return trace;
}

}  // namespace

void Store::set_trace(std::int64_t run, const Trace& trace) {
    impl_->connection.write([&](SQLite::Database& database) {
        const int changed = execute(
            database,
            "UPDATE run SET trace_events = ?, trace_dropped = ?, trace_details = ? WHERE id = ?",
            static_cast<std::int64_t>(trace.events.size()), trace.dropped, details_of(trace), run);
        if (changed == 0) throw no_such_run(run);
        execute(database, "DELETE FROM trace WHERE run_id = ?", run);
        SQLite::Statement statement(
            database,
            "INSERT INTO trace(run_id, position, name, operation, layer, phase, device, "
            "track, start, duration, bytes, flops, launch) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
            "?, ?, ?)");
        std::map<std::int32_t, std::string> devices;
        for (std::int64_t i = 0; i < static_cast<std::int64_t>(trace.events.size()); ++i)
            insert(statement, run, i, trace, devices);
    });
}

Trace Store::trace(std::int64_t run) const {
    try {
        return impl_->connection.read(
            [run](SQLite::Database& database) { return read_trace(database, run); });
    } catch (const TraceError& error) {
        throw unreadable(impl_->connection.path(), run, error.what());
    }
}

}  // namespace hone::profiler
