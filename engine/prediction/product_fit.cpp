// SPDX-License-Identifier: Apache-2.0
#include "engine/prediction/product_fit.h"

#include <algorithm>

namespace hone {

Calibration::Product fitted_product(const SecondsByRows& few_weights,
                                    const SecondsByRows& short_rows,
                                    const SecondsByRows& long_rows) {
    Calibration::Product product;
    for (std::size_t r = 0; r < Calibration::kRows.size(); ++r) {
        product.per_call[r] = r < kFewWeights.rows
                                  ? line_through(kFewWeights.outputs, few_weights[r],
                                                 kShortRows.outputs, short_rows[r])
                                        .per_call
                                  : product.per_call[kFewWeights.rows - 1];
        const auto a_weight = [&](const ProductShape& shape, const SecondsByRows& seconds) {
            return std::max(0.0, seconds[r] - product.per_call[r]) /
                   static_cast<double>(shape.outputs * shape.inputs);
        };
        const Cost cost = line_through(1.0 / kLongRows.inputs, a_weight(kLongRows, long_rows),
                                       1.0 / kShortRows.inputs, a_weight(kShortRows, short_rows));
        product.per_weight[r] = cost.per_call;
        product.per_output[r] = cost.per_unit;
    }
    return product;
}

}  // namespace hone
