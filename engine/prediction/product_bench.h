// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "engine/core/progress.h"
#include "engine/prediction/calibration.h"
#include "engine/prediction/cold_weights.h"
#include "engine/prediction/product_fit.h"
#include "engine/runtime/buffer.h"
#include "kernels/cpu/context.h"

namespace hone {

// Times products with each form of weights in each arithmetic, as a run meets them: weights from
// memory, matrix after matrix, with a little serial work in between, and inputs that are aligned as
// activations are.
class ProductBench {
public:
    // `cold`: bytes of weights that are visited in turn.
    ProductBench(const kernels::Context& context, const Progress& progress, std::int64_t cold);

    // Fills in calibration.products. Throws Cancelled.
    void run(Calibration& calibration);
    // How far the repeats of each measurement lay apart, as a share of their median.
    const std::vector<double>& spreads() const { return spreads_; }

private:
    StoredTensor matrix_in(const WeightForm& form, const ProductShape& shape) const;
    // By arithmetic: of products with `shape`, those of the rows that tell something.
    std::vector<SecondsByRows> measured(const WeightForm& form, const ProductShape& shape,
                                        const std::vector<kernels::Arithmetic>& arithmetics);
    double seconds(kernels::Arithmetic arithmetic, std::int64_t rows, std::int64_t inputs);
    void multiply(const StoredTensor& tensor, kernels::Arithmetic arithmetic, std::int64_t rows);
    std::byte* scratch(kernels::Arithmetic arithmetic);

    const kernels::Context& context_;
    const Progress& progress_;
    std::vector<float> values_;
    Buffer<float> x_, y_;
    std::vector<std::byte> input_;
    ColdWeights weights_;
    std::vector<double> spreads_;
};

// The middle one; of none 0.
double median(std::vector<double> values);

}  // namespace hone
