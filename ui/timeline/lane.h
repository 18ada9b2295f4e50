// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace hone::ui {

// A stretch of time in a lane: an operation, a layer's share of a pass, or a pass.
struct Span {
    std::int64_t begin = 0, end = 0;  // ns
    std::uint32_t first = 0;          // index of the first event in it
    std::uint16_t kind = 0;           // what colours it
    bool operator==(const Span&) const = default;
};

// Spans one after another, made once so that any number of them is painted in time that depends on
// the pixels alone: busy time by kind is summed up to every 16th span, and what lies between two
// times is the difference of two sums.
class Lane {
public:
    Lane() = default;
    // `spans` by begin and without overlaps; an end that reaches over the next span's begin is cut.
    Lane(std::vector<Span> spans, std::size_t kinds);

    std::span<const Span> spans() const { return spans_; }
    std::size_t kinds() const { return kinds_; }

    // The first span that ends after `time`; spans().size() where none does.
    std::size_t firstAfter(double time) const;
    // The same where it is known to be `from` or later: spans near to it are found sooner.
    std::size_t firstAfter(double time, std::size_t from) const;
    std::optional<std::size_t> at(double time) const;
    // ns of each kind before `time`, into busy[kinds].
    void busyUntil(double time, std::span<double> busy) const {
        busyUntil(time, firstAfter(time), busy);
    }
    void busyUntil(double time, std::size_t last,
                   std::span<double> busy) const;  // last: firstAfter(time)
    // Spans that any query has looked at since it was last asked, searches apart.
    std::size_t takeVisited() const;

private:
    static constexpr std::size_t block = 16;
    std::vector<Span> spans_;
    std::size_t kinds_ = 1;
    std::vector<std::int64_t> sums_;  // [blocks, kinds]
    mutable std::size_t visited_ = 0;
};

}  // namespace hone::ui
