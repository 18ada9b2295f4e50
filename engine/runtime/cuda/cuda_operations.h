// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <vector>

#include "engine/runtime/cuda/cuda_kv_cache.h"
#include "engine/runtime/cuda/cuda_model.h"
#include "engine/runtime/cuda/cuda_products.h"
#include "engine/runtime/cuda/cuda_shapes.h"
#include "engine/runtime/cuda/cuda_workspace.h"
#include "engine/runtime/cuda/pass_tables.h"
#include "engine/runtime/operations.h"
#include "kernels/cuda/ops/attention.h"
#include "kernels/cuda/ops/pages.h"

namespace hone {

// Operations on a CUDA device: queued on its stream; what the host needs is waited for where it is
// read.
class CudaOperations final : public Operations {
public:
    CudaOperations(const Model& model, const CudaModel& weights, CudaKvBlocks* blocks,
                   Activations& activations, CudaWorkspace& workspace, CudaMemory& memory,
                   Pass& pass, std::int64_t slice, Products& products, const AttentionMask& mask,
                   const CudaPages& pages, const Progress& progress);

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
    // Leaves which rows hold a NaN or an infinity in the workspace, and returns 0: nothing is
    // waited for.
    std::int64_t logits(float* out) const override;

    // What the kernels' launches depend on, beside where memory lies: passes of the same shape can
    // share a graph.
    struct Shape {
        std::int64_t rows, splits, choosing_splits, longest_choice;
        // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 takes the 0 of a comparison for a
        // pointer
        auto operator<=>(const Shape&) const = default;
    };
    Shape shape() const;

private:
    std::int64_t splits_of(bool choosing, Rows rows) const;
    std::int64_t longest_choice(Rows rows) const;
    void place_transient();
    void reserve_pages();
    bool chooses(std::int64_t layer) const;
    cuda::PageBoundsView page_view(std::int64_t layer) const;
    void choose_pages(std::int64_t layer, Rows rows) const;
    cuda::KvBlocksView view(std::int64_t layer) const;

    const Model& model_;
    const CudaModel& weights_;
    CudaKvBlocks* blocks_;  // null where the cache is off
    CudaWorkspace& workspace_;
    cuda::Device& device_;
    Products& products_;
    const AttentionMask& mask_;
    const CudaPages pages_;
    const Progress& progress_;
    const CudaProducts multiply_;
    PassTables tables_;
    std::int64_t transient_positions_ = 0;  // of a block, where there is no cache
};

}  // namespace hone
