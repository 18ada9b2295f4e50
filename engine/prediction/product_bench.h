// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "engine/core/progress.h"
#include "engine/prediction/calibration.h"
#include "engine/prediction/cold_weights.h"
#include "kernels/cpu/context.h"

namespace hone {

// Times products with each stored type of weights in each arithmetic, as a run meets them: weights from memory, matrix after matrix, with a
// little serial work in between.
class ProductBench {
public:
    // `cold`: bytes of weights that are visited in turn.
    ProductBench(const kernels::Context& context, const Progress& progress, std::int64_t cold);

    // Fills in calibration.products. Throws Cancelled.
    void run(Calibration& calibration);
    // Of each measurement: how far its repeats lay apart, as a share of their median.
    const std::vector<double>& spreads() const { return spreads_; }

private:
    struct Shape {
        std::int64_t outputs, inputs;
    };
    using Seconds = std::array<double, Calibration::kRows.size()>;  // a product, by rows

    StoredTensor matrix_in(DType type, Shape shape) const;
    // Of products with `shape`: by arithmetic, then by rows; only the rows below `most_rows`.
    std::vector<Seconds> measured(DType type, Shape shape,
                                  const std::vector<kernels::Arithmetic>& arithmetics,
                                  std::int64_t most_rows);
    double seconds(kernels::Arithmetic arithmetic, std::int64_t rows, std::int64_t inputs);
    void multiply(const StoredTensor& tensor, kernels::Arithmetic arithmetic, std::int64_t rows);
    std::byte* scratch(kernels::Arithmetic arithmetic);

    static constexpr Shape kFew{256, 512}, kShort{4096, 512}, kLong{512, 4096};

    const kernels::Context& context_;
    const Progress& progress_;
    std::vector<float> values_, half_zeros_, x_, y_;
    std::vector<std::byte> input_;
    ColdWeights weights_;
    std::vector<double> spreads_;
};

// The middle one; of none 0.
double median(std::vector<double> values);

}  // namespace hone
