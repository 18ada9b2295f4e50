// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "profiler/statistics/statistics.h"

namespace hone::profiler {
namespace {

// Above this many degrees of freedom the quantile moves by less than 1e-6, and lgamma's differences
// would lose digits.
constexpr double kLargestDegrees = 1e7;

// The continued fraction of the incomplete beta function (Abramowitz and Stegun 26.5.8), evaluated
// from the front by the modified Lentz method. Converges quickly for x < (a+1)/(a+b+2).
double beta_fraction(double a, double b, double x) {
    constexpr double tiny = 1e-300;
    const auto nonzero = [](double v) { return std::abs(v) < tiny ? tiny : v; };
    double c = 1;
    double d = 1 / nonzero(1 - (a + b) * x / (a + 1));
    double value = d;
    for (int m = 1; m <= 100'000; ++m) {
        const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        d = 1 / nonzero(1 + even * d);
        c = nonzero(1 + even / c);
        value *= d * c;
        const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        d = 1 / nonzero(1 + odd * d);
        c = nonzero(1 + odd / c);
        const double factor = d * c;
        value *= factor;
        if (std::abs(factor - 1) < 1e-15) break;
    }
    return value;
}

// lgamma() sets a global sign, so it must not run on two threads; lgamma_r is its re-entrant form.
double log_gamma(double x) {
    int sign = 0;
    return ::lgamma_r(x, &sign);
}

// Regularised incomplete beta function. `complement` is 1 − x, given apart because x may be too
// near 1 to subtract.
double incomplete_beta(double a, double b, double x, double complement) {
    if (x <= 0) return 0;
    if (complement <= 0) return 1;
    const double front = std::exp(log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * std::log(x) +
                                  b * std::log(complement));
    if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(a, b, x) / a;
    return 1 - front * beta_fraction(b, a, complement) / b;
}

// P(T > t) for t ≥ 0.
double upper_tail(double t, double degrees) {
    const double square = t * t;
    return 0.5 * incomplete_beta(degrees / 2, 0.5, degrees / (degrees + square),
                                 square / (degrees + square));
}

}  // namespace

double student_t_quantile(double probability, double degrees_of_freedom) {
    if (!(probability > 0 && probability < 1) || !(degrees_of_freedom > 0))
        throw std::invalid_argument(
            "student_t_quantile: a probability in (0, 1) and positive degrees");
    if (probability == 0.5) return 0;
    if (probability < 0.5) return -student_t_quantile(1 - probability, degrees_of_freedom);
    const double degrees = std::min(degrees_of_freedom, kLargestDegrees);
    const double tail = 1 - probability;
    double low = 0, high = 1;
    while (upper_tail(high, degrees) > tail && high < std::numeric_limits<double>::max() / 4) {
        low = high;
        high *= 2;
    }
    for (int i = 0; i < 200 && high - low > 1e-13 * high; ++i) {
        const double middle = low + (high - low) / 2;
        (upper_tail(middle, degrees) > tail ? low : high) = middle;
    }
    return low + (high - low) / 2;
}

}  // namespace hone::profiler
