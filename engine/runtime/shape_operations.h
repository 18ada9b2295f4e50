// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>

#include "engine/model/model.h"
#include "engine/runtime/operations.h"
#include "engine/runtime/run_config.h"

namespace hone {

// Activations that have addresses and no memory: what an operation is given tells in which buffer
// it lies, and where in it. Nothing may be read or written there.
class AddressedActivations {
public:
    AddressedActivations();
    Activations& activations() { return activations_; }
    // `count` elements from `first` on are used. Throws Error where that is in none of the graph's
    // buffers.
    void use(const float* first, std::int64_t count);
    // Elements of each buffer up to the last that was used; see Activations::kGraph.
    const std::array<std::int64_t, kGraphBuffers>& used() const { return used_; }

private:
    class Space final : public MemorySpace {
    public:
        void* allocate(std::int64_t bytes) override;
        void release(void*) noexcept override {}

    private:
        std::uintptr_t next_ = 0;
    };
    Space space_;
    Activations activations_;
    std::array<std::int64_t, kGraphBuffers> used_ = {};
};

// Computes nothing: finds which memory the operations of a pass take, walking the same graph as
// those of a device do. It reads shapes of weights alone. This much is any device's: the buffers of
// the activations. What kernels take beside them, those of a place add.
class ShapeOperations : public Operations {
public:
    // All must outlive it. The pass's segments need no caches: the run says what is remembered.
    ShapeOperations(const ModelConfig& model, const BoundWeights& weights, const RunConfig& run,
                    AddressedActivations& memory, Pass& pass, std::int64_t slice);

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

protected:
    // What a kernel takes for itself: nothing here. `arithmetic` is the one that the run asks for.
    virtual void multiplies(const StoredTensor& weight, kernels::Arithmetic arithmetic,
                            std::int64_t rows) const;
    // Calls body(segment, position of the first row, rows) for the rows' part of each segment.
    template <typename Body>
    void for_each_attended(Rows rows, Body&& body) const {
        for (const Segment& segment : pass_.segments) {
            const std::int64_t begin = std::max(segment.row, rows.begin);
            const std::int64_t end = std::min(segment.row + segment.rows, rows.begin + rows.count);
            if (begin >= end) continue;
            const std::int64_t first = segment.position + std::ssize(segment.tokens) - segment.rows;
            body(segment, first + begin - segment.row, end - begin);
        }
    }

    const ModelConfig& model_;
    const BoundWeights& weights_;
    const RunConfig& run_;
    AddressedActivations& memory_;
};

// Takes the pass's tokens through the whole graph, layers of the same kind once.
void walk_graph(const ModelConfig& model, const BoundWeights& weights, const RunConfig& run,
                Operations& operations);

// How wide the buffers are that the graph computes in, found by two walks; `walk` takes the pass
// through it with operations of a place, in slices of one row. reduced_cols stays 0.
ActivationWidths activation_widths(
    const std::function<void(AddressedActivations& memory, Pass& pass)>& walk);

}  // namespace hone
