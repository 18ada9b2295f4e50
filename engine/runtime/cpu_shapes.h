// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "engine/runtime/shape_operations.h"

namespace hone {

// What a processor's kernels take beside the activations, as CpuOperations runs them.
class CpuShapeOperations final : public ShapeOperations {
public:
    using ShapeOperations::ShapeOperations;
    // The most that one thread's kernels ask for, in bytes.
    std::int64_t workspace() const { return workspace_; }
    // Columns of the widest input that a product rounds; 0 where none does.
    std::int64_t reduced_cols() const { return reduced_cols_; }

    void rotate(float* q, float* k, Rows rows) const override;
    void attend(std::int64_t layer, float* out, Rows rows) const override;

private:
    void multiplies(const StoredTensor& weight, kernels::Arithmetic arithmetic,
                    std::int64_t rows) const override;
    void take(std::int64_t bytes) const { workspace_ = std::max(workspace_, bytes); }

    mutable std::int64_t workspace_ = 0, reduced_cols_ = 0;
};

ActivationWidths cpu_activation_widths(const ModelConfig& model, const BoundWeights& weights,
                                       const RunConfig& run);
// What a processor's activations hold for a pass, its logits aside.
ActivationRows cpu_activation_rows(const ActivationWidths& widths, const RunConfig& run,
                                   std::int64_t rows, std::int64_t slice);

}  // namespace hone
