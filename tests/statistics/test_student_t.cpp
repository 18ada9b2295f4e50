// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <fstream>
#include <stdexcept>
#include <string>

#include "profiler/statistics/statistics.h"
#include "tests/paths/paths.h"

namespace hone::profiler {
namespace {

// Quantiles by scipy.stats.t.ppf (scipy 1.x, double precision).
TEST(StudentT, AgreesWithScipy) {
    std::ifstream file(test::fixtures() + "/statistics/student_t.csv");
    ASSERT_TRUE(file) << "the fixture is missing";
    std::string line;
    std::getline(file, line);
    int rows = 0;
    while (std::getline(file, line)) {
        double probability = 0, degrees = 0, expected = 0;
        ASSERT_EQ(std::sscanf(line.c_str(), "%lf,%lf,%lf", &probability, &degrees, &expected), 3)
            << line;
        const double found = student_t_quantile(probability, degrees);
        EXPECT_NEAR(found, expected, 1e-6 * std::max(1.0, std::abs(expected))) << line;
        ++rows;
    }
    EXPECT_EQ(rows, 154);
}

// One degree of freedom is the Cauchy distribution and two have a closed form.
TEST(StudentT, AgreesWithClosedForms) {
    for (const double p : {0.6, 0.75, 0.9, 0.975, 0.995, 0.9999}) {
        EXPECT_NEAR(student_t_quantile(p, 1) / std::tan(M_PI * (p - 0.5)), 1, 1e-9);
        EXPECT_NEAR(student_t_quantile(p, 2) / ((2 * p - 1) / std::sqrt(2 * p * (1 - p))), 1, 1e-9);
    }
}

TEST(StudentT, TendsToTheNormalDistribution) {
    EXPECT_NEAR(student_t_quantile(0.975, 1e12), 1.959963984540054, 1e-6);
    EXPECT_NEAR(student_t_quantile(0.995, 1e12), 2.5758293035489004, 1e-6);
}

TEST(StudentT, RefusesWhatIsNoProbability) {
    EXPECT_THROW(student_t_quantile(0, 3), std::invalid_argument);
    EXPECT_THROW(student_t_quantile(1, 3), std::invalid_argument);
    EXPECT_THROW(student_t_quantile(std::nan(""), 3), std::invalid_argument);
    EXPECT_THROW(student_t_quantile(0.9, 0), std::invalid_argument);
}

}  // namespace
}  // namespace hone::profiler
