// SPDX-License-Identifier: Apache-2.0
#include "profiler/trace/recorder.h"

#include <utility>

namespace hone::profiler {
namespace {

// "blk.7.attn_q.weight" → "attn_q": the layer is the event's own.
std::string short_name(std::string name) {
    constexpr std::string_view kBlock = "blk.", kWeight = ".weight";
    if (name.starts_with(kBlock)) {
        const std::size_t end = name.find('.', kBlock.size());
        if (end != std::string::npos) name.erase(0, end + 1);
    }
    if (name.ends_with(kWeight)) name.erase(name.size() - kWeight.size());
    return name;
}

}  // namespace

// Every layer brought names of its own; they become one.
Trace TraceRecorder::take() {
    std::unordered_map<std::string, std::uint16_t> shared;
    std::vector<std::uint16_t> id_of;
    std::vector<std::string> names;
    for (std::string& name : trace_.names) {
        const auto [found, added] =
            shared.try_emplace(short_name(std::move(name)), static_cast<std::uint16_t>(shared.size()));
        if (added) names.push_back(found->first);
        id_of.push_back(found->second);
    }
    for (TraceEvent& event : trace_.events) event.name = id_of[event.name];
    trace_.names = std::move(names);
    ids_.clear();
    return std::exchange(trace_, {});
}

}  // namespace hone::profiler
