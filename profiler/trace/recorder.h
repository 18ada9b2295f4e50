// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "profiler/trace/cuda_trace.h"
#include "profiler/trace/trace.h"

namespace hone::profiler {

// Keeps events in memory that is set aside before the first one: recording costs two looks at the
// clock and one store. For one thread. What finds no room is counted and dropped.
class TraceRecorder {
public:
    explicit TraceRecorder(std::size_t most_events) : most_(most_events) {
        trace_.events.reserve(most_events);
        ids_.reserve(256);
    }

    // ns since the recorder was made, on the steady clock.
    std::int64_t now() const {
        return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - origin_).count();
    }

    // `name` is known by its address: it must stay where it is, and unchanged, until take().
    void add(TraceEvent event, std::string_view name) {
        if (trace_.events.size() == most_) {
            ++trace_.dropped;
            return;
        }
        event.name = id(name);
        trace_.events.push_back(event);
    }

    // The same; where the name is new, `kernel` says what computes operations of that name.
    template <typename Kernel>
    void add(TraceEvent event, std::string_view name, Kernel&& kernel) {
        const std::size_t known = trace_.names.size();
        add(event, name);
        if (trace_.names.size() > known)
            trace_.kernels.insert_or_assign(std::string(name), kernel());
    }

    // An operation that a device does later, under a name that may be gone when this returns.
    // Returns its mark; 0 where no room is left.
    std::uint64_t queue(QueuedOperation operation, std::string_view name) {
        if (queued_.size() == most_) {
            ++trace_.dropped;
            return 0;
        }
        operation.name = id_of_text(name);
        queued_.push_back(operation);
        return queued_.size();
    }
    std::uint64_t last_mark() const { return queued_.size(); }
    // Operations from `first` on are those that a graph now holds.
    void captured(std::uint64_t first) {
        captures_.push_back({first, static_cast<std::int64_t>(last_mark() - first + 1)});
    }

    // What was recorded, and none of it is kept.
    Trace take();
    // The same with what a device did, told by `recording`: what was queued is added to it.
    Trace take(CudaRecording& recording);
    // What was queued, with what the device counted under its mark; what was not counted is left
    // out, and none of it is kept.
    struct Counted {
        std::uint64_t mark = 0;
        HardwareCounters counters;
    };
    std::vector<CountedOperation> take_counted(std::span<const Counted> counted);

private:
    using Clock = std::chrono::steady_clock;
    std::uint16_t id(std::string_view name) {
        const auto [found, added] = ids_.try_emplace(name.data(), next_id());
        if (added) trace_.names.emplace_back(name);
        return found->second;
    }
    // Names that are put together for one call share addresses with those before them.
    std::uint16_t id_of_text(std::string_view name) {
        const auto [found, added] = ids_by_text_.try_emplace(std::string(name), next_id());
        if (added) trace_.names.emplace_back(name);
        return found->second;
    }
    std::uint16_t next_id() const { return static_cast<std::uint16_t>(trace_.names.size()); }

    std::size_t most_;
    Clock::time_point origin_ = Clock::now();
    std::unordered_map<const char*, std::uint16_t> ids_;
    std::unordered_map<std::string, std::uint16_t> ids_by_text_;
    std::vector<QueuedOperation> queued_;
    std::vector<CapturedOperations> captures_;
    Trace trace_;
};

}  // namespace hone::profiler
