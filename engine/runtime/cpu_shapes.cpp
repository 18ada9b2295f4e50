// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/cpu_shapes.h"

#include <vector>

#include "engine/runtime/attention_mask.h"
#include "engine/weights/weight_format.h"
#include "kernels/attention/attention.h"
#include "kernels/elementwise/elementwise.h"
#include "kernels/linear/linear.h"

namespace hone {

void CpuShapeOperations::rotate(float* q, float* k, Rows rows) const {
    ShapeOperations::rotate(q, k, rows);
    take(kernels::rope_workspace(model_.rotary_dim));
}

void CpuShapeOperations::attend(std::int64_t layer, float* out, Rows rows) const {
    ShapeOperations::attend(layer, out, rows);
    const bool pages =
        run_.attention.kind == AttentionMask::Kind::pages && layer >= run_.attention.dense_layers;
    for_each_attended(rows, [&](const Segment&, std::int64_t position, std::int64_t count) {
        std::vector<kernels::MaskRow> mask;
        for (std::int64_t i = 0; i < count; ++i)
            mask.push_back(mask_row(run_.attention, position + i));
        kernels::AttentionProblem problem{};
        problem.mask = mask.data();
        problem.tokens = count;
        problem.n_heads = model_.n_heads;
        problem.n_kv_heads = model_.n_kv_heads;
        problem.head_dim = model_.head_dim;
        if (pages) problem.pages = {nullptr, run_.attention.page_shift, run_.attention.keep};
        take(kernels::attention_workspace(problem, run_.isa));
    });
}

void CpuShapeOperations::multiplies(const StoredTensor& weight, kernels::Arithmetic arithmetic,
                                    std::int64_t rows) const {
    if (!can_reduce(weight, arithmetic, run_.isa))
        return take(kernels::linear_workspace(weight.cols(), rows, run_.isa));
    take(kernels::reduced_workspace(arithmetic, weight.cols(), rows, run_.isa));
    reduced_cols_ = std::max(reduced_cols_, weight.cols());
}

ActivationWidths cpu_activation_widths(const ModelConfig& model, const BoundWeights& weights,
                                       const RunConfig& run) {
    std::int64_t reduced_cols = 0;
    ActivationWidths widths = activation_widths([&](AddressedActivations& memory, Pass& pass) {
        CpuShapeOperations operations(model, weights, run, memory, pass, 1);
        walk_graph(model, weights, run, operations);
        reduced_cols = operations.reduced_cols();
    });
    widths.reduced_cols = reduced_cols;
    return widths;
}

ActivationRows cpu_activation_rows(const ActivationWidths& widths, const RunConfig& run,
                                   std::int64_t rows, std::int64_t slice) {
    return {rows, slice, 0, rows, reduced_bytes(widths, run.arithmetic, run.isa, slice)};
}

}  // namespace hone
