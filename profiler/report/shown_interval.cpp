// SPDX-License-Identifier: Apache-2.0
#include "profiler/report/shown_interval.h"

#include <algorithm>
#include <cmath>

namespace hone::profiler {

bool says_how_large(double value, double low, double high, std::int64_t n) {
    constexpr double kFurthest = 3;
    constexpr std::int64_t kFew = 3;
    if (!(high > low)) return true;
    return high <= kFurthest * value && (low > 0 || n > kFew);
}

ShownInterval shown_interval(const MetricValue& figure) {
    return shown_interval(Estimate{figure.value, figure.low, figure.high, figure.n});
}

ShownInterval shown_interval(const Estimate& figure) {
    ShownInterval shown{.low = figure.value, .high = figure.value};
    if (!std::isfinite(figure.low) || !std::isfinite(figure.high) || figure.high <= figure.low)
        return shown;
    shown.exists = says_how_large(figure.value, figure.low, figure.high, figure.n);
    shown.too_few = !shown.exists;
    if (shown.exists) {
        shown.low = std::max(0.0, figure.low);
        shown.high = figure.high;
    }
    return shown;
}

}  // namespace hone::profiler
