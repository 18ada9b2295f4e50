// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/runtime/cuda/cuda_kv_cache.h"
#include "engine/runtime/operation_cost.h"
#include "engine/runtime/operations.h"
#include "kernels/cuda/device.h"

namespace hone {

// Operations of a device that a recorder listens to: each is queued under a mark of its own, by
// which the profiler's records are told apart.
class TracedOperations final : public Operations {
public:
    // What costs follow from; `blocks` is null where the cache is off.
    struct Shapes {
        const Model& model;
        const RunConfig& config;
        const CudaKvBlocks* blocks;
    };
    TracedOperations(Operations& operations, Activations& activations, Pass& pass,
                     std::int64_t slice, const Shapes& shapes, Tracing& tracing,
                     cuda::Device& device)
        : Operations(activations, pass, slice),
          operations_(operations),
          shapes_(shapes),
          tracing_(tracing),
          device_(device) {}

    // From now on operations are recorded but not queued: a graph that holds them is launched
    // instead. For passes that keep all of their rows.
    void only_account() { queues_ = false; }

    void embed(const StoredTensor& embedding) override;
    void norm(const StoredTensor* weight, const float* x, float* y, std::int64_t rows,
              std::int64_t groups) const override;
    void linear(const StoredTensor* weight, const float* x, float* y,
                std::int64_t rows) const override;
    void linears(std::span<const ProductOf> products, const float* x,
                 std::int64_t rows) const override;
    void linear_add(const StoredTensor* weight, const float* x, float* scratch, float* y,
                    std::int64_t rows) const override;
    void gated(ProductOf gate, ProductOf up, const float* x, std::int64_t rows) const override;
    void rotate(float* q, float* k, Rows rows) const override;
    void remember(std::int64_t layer) const override;
    void attend(std::int64_t layer, float* out, Rows rows) const override;
    void gate(float* gate, const float* up, std::int64_t rows) const override;
    void add(float* y, const float* x, std::int64_t rows) const override;
    void add_bias(float* y, const StoredTensor* bias, std::int64_t rows) const override;
    void keep_wanted_rows() override;
    std::int64_t logits(float* out) const override;

private:
    template <typename Work>
    void marked(profiler::Operation operation, std::string_view name, OperationCost cost,
                Work&& work) const;
    // Rows without padding, which nobody asked for: costs are the work's, not the padding's. A
    // padded pass is one slice.
    std::int64_t own(std::int64_t rows) const { return rows - pass_.padding; }
    std::int64_t position_bytes() const;  // of keys and values together

    Operations& operations_;
    const Shapes shapes_;
    Tracing& tracing_;
    cuda::Device& device_;
    bool queues_ = true;
};

}  // namespace hone
