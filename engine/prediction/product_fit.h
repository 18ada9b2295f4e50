// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "engine/prediction/calibration.h"

namespace hone {

struct ProductShape {
    std::int64_t outputs, inputs;
    std::size_t rows = Calibration::kRows.size();  // how many of kRows it is measured with
};

// A product takes what each call does, each output, and each weight: three shapes tell them apart.
// What a call takes is lost in the time of many rows, and is that of few there.
inline constexpr ProductShape kFewWeights{256, 512, 2}, kShortRows{4096, 512}, kLongRows{512, 4096};

using SecondsByRows = std::array<double, Calibration::kRows.size()>;  // of one product

// From what products with each of these shapes took.
Calibration::Product fitted_product(const SecondsByRows& few_weights,
                                    const SecondsByRows& short_rows,
                                    const SecondsByRows& long_rows);

}  // namespace hone
