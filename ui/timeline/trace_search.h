// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <cstdint>
#include <optional>
#include <vector>

#include "ui/timeline/trace_data.h"

namespace hone::ui {

// Events that hold every word of a search: part of an event's or operation's name ("ffn"), a phase
// ("decode"), or "layer 12"; and that are of one layer where one was chosen beside the words.
class TraceSearch {
public:
    TraceSearch() = default;
    TraceSearch(const TraceData& data, const QString& text,
                std::optional<std::int32_t> chosenLayer = {});

    bool active() const { return active_; }  // something was asked for
    const std::vector<std::uint32_t>& matches() const { return matches_; }  // ascending
    bool contains(std::size_t event) const;
    std::int64_t duration() const { return duration_; }  // of all matches, ns
    const Lane& lane(std::size_t track) const { return lanes_[track]; }

    // Place in matches() of the first one after `event`, going round; size() where there is none.
    std::size_t after(std::size_t event) const;
    std::size_t before(std::size_t event) const;

private:
    bool active_ = false;
    std::vector<std::uint32_t> matches_;
    std::int64_t duration_ = 0;
    std::vector<Lane> lanes_;  // the matches of each track
};

}  // namespace hone::ui
