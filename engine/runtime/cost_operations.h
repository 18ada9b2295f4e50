// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <tuple>

#include "engine/model/model.h"
#include "engine/runtime/operation_cost.h"
#include "engine/runtime/operations.h"
#include "engine/runtime/run_config.h"
#include "profiler/trace/trace.h"

namespace hone {

// An operation that the graph asks for, and what it must move and compute.
struct CostedOperation {
    profiler::Operation kind;
    const StoredTensor* weight;  // of a product, norm, bias or embedding; null for the others
    std::int64_t rows;
    OperationCost cost;
    std::int64_t page_bounds =
        0;  // of attention that chooses pages: how many of their bounds the queries look at
};

// Computes nothing: tells what would be computed. Takes a pass through the same graph as the
// operations of a device do, so that costs and predictions follow from it. Needs shapes alone:
// neither weights' data nor memory for activations.
class CostOperations final : public Operations {
public:
    using Sink = std::function<void(const CostedOperation&)>;

    // All must outlive it. `activations`: with nothing allocated. The pass's segments need no
    // caches: the run's storage says what is remembered.
    CostOperations(const ModelConfig& model, const BoundWeights& weights, const RunConfig& run,
                   Activations& activations, Pass& pass, const Sink& sink);

    void embed(const StoredTensor& embedding) override;
    void norm(const StoredTensor* weight, const float* x, float* y, std::int64_t rows,
              std::int64_t groups) const override;
    void linear(const StoredTensor* weight, const float* x, float* y,
                std::int64_t rows) const override;
    void rotate(float* q, float* k, Rows rows) const override;
    void remember(std::int64_t layer) const override;
    void attend(std::int64_t layer, float* out, Rows rows) const override;
    void gate(float* gate, const float* up, std::int64_t rows) const override;
    void add(float* y, const float* x, std::int64_t rows) const override;
    void add_bias(float* y, const StoredTensor* bias, std::int64_t rows) const override;
    void keep_wanted_rows() override;
    std::int64_t logits(float* out) const override;  // 0

private:
    struct Attended {
        OperationCost cost;
        std::int64_t page_bounds;
    };
    const Attended& attended(std::int64_t layer, std::int64_t position, std::int64_t rows) const;

    const ModelConfig& model_;
    const BoundWeights& weights_;
    const RunConfig& run_;
    const Sink& sink_;
    // Most layers attend alike: by whether they choose pages, first position and rows.
    mutable std::map<std::tuple<bool, std::int64_t, std::int64_t>, Attended> attended_;
};

}  // namespace hone
