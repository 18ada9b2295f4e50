// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/timeline/lane.h"

#include <algorithm>
#include <utility>

namespace hone::ui {

Lane::Lane(std::vector<Span> spans, std::size_t kinds) : spans_(std::move(spans)), kinds_(kinds) {
    sums_.reserve((spans_.size() / block + 1) * kinds_);
    std::vector<std::int64_t> sum(kinds_);
    for (std::size_t i = 0; i < spans_.size(); ++i) {
        Span& span = spans_[i];
        if (i + 1 < spans_.size()) span.end = std::min(span.end, spans_[i + 1].begin);
        span.end = std::max(span.end, span.begin);
        if (i % block == 0) sums_.insert(sums_.end(), sum.begin(), sum.end());
        sum[span.kind] += span.end - span.begin;
    }
}

std::size_t Lane::firstAfter(double time) const {
    const auto found = std::partition_point(spans_.begin(), spans_.end(), [time](const Span& s) {
        return static_cast<double>(s.end) <= time;
    });
    ++visited_;
    return static_cast<std::size_t>(found - spans_.begin());
}

std::size_t Lane::firstAfter(double time, std::size_t from) const {
    const auto over = [time](const Span& s) { return static_cast<double>(s.end) <= time; };
    std::size_t low = from, step = 1;
    while (low + step <= spans_.size() && over(spans_[low + step - 1])) {
        low += step;
        step *= 2;
    }
    const std::size_t high = std::min(low + step - 1, spans_.size());
    const auto first = spans_.begin() + static_cast<std::ptrdiff_t>(low);
    const auto found =
        std::partition_point(first, spans_.begin() + static_cast<std::ptrdiff_t>(high), over);
    ++visited_;
    return static_cast<std::size_t>(found - spans_.begin());
}

std::optional<std::size_t> Lane::at(double time) const {
    const std::size_t i = firstAfter(time);
    if (i == spans_.size() || static_cast<double>(spans_[i].begin) > time) return std::nullopt;
    return i;
}

void Lane::busyUntil(double time, std::size_t last, std::span<double> busy) const {
    std::fill(busy.begin(), busy.end(), 0.0);
    if (spans_.empty()) return;
    // The block of the span at `time`, or the last one where all spans are over.
    const std::size_t from = std::min(last, spans_.size() - 1) / block;
    for (std::size_t kind = 0; kind < kinds_; ++kind)
        busy[kind] = static_cast<double>(sums_[from * kinds_ + kind]);
    for (std::size_t i = from * block; i <= last && i < spans_.size(); ++i) {
        ++visited_;
        const auto begin = static_cast<double>(spans_[i].begin);
        const double inside = std::min(static_cast<double>(spans_[i].end), time) - begin;
        if (inside > 0) busy[spans_[i].kind] += inside;
    }
}

std::size_t Lane::takeVisited() const {
    return std::exchange(visited_, 0);
}

}  // namespace hone::ui
