// SPDX-License-Identifier: Apache-2.0
#include "profiler/trace/clock_fit.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace hone::profiler {

// Differences to the first pair: ns since 1970 have no room for fractions in a double.
ClockFit::ClockFit(std::span<const ClockPair> pairs) {
    if (pairs.empty()) return;
    const ClockPair first = pairs.front();
    double mean_device = 0, mean_host = 0;
    for (const ClockPair& pair : pairs) {
        mean_device += static_cast<double>(pair.device - first.device);
        mean_host += static_cast<double>(pair.host - first.host);
    }
    const auto count = static_cast<double>(pairs.size());
    mean_device /= count;
    mean_host /= count;
    double together = 0, alone = 0;
    for (const ClockPair& pair : pairs) {
        const double device = static_cast<double>(pair.device - first.device) - mean_device;
        together += device * (static_cast<double>(pair.host - first.host) - mean_host);
        alone += device * device;
    }
    if (alone > 0) rate_ = together / alone;
    origin_ = first.device + std::llround(mean_device);
    offset_ = first.host + std::llround(mean_host);
    for (const ClockPair& pair : pairs)
        worst_ = std::max<std::int64_t>(worst_, std::abs(host(pair.device) - pair.host));
}

std::int64_t ClockFit::host(std::int64_t device) const {
    return offset_ + std::llround(rate_ * static_cast<double>(device - origin_));
}

}  // namespace hone::profiler
