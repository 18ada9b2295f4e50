// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include "profiler/trace/activity.h"

namespace hone::profiler {

// A profiler's clock on the host's: host = rate · (device − origin) + offset, least squares through
// pairs that were read during the trace. One pair gives its offset at a rate of 1; none, the
// profiler's clock as it is.
class ClockFit {
public:
    explicit ClockFit(std::span<const ClockPair> pairs);
    std::int64_t host(std::int64_t device) const;
    std::int64_t worst() const { return worst_; }  // ns: the largest residual of a pair

private:
    std::int64_t origin_ = 0, offset_ = 0;
    double rate_ = 1;
    std::int64_t worst_ = 0;
};

}  // namespace hone::profiler
