// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "engine/runtime/cuda/cuda_model.h"
#include "engine/runtime/cuda/cuda_workspace.h"
#include "engine/runtime/cuda/product_path.h"
#include "engine/runtime/operations.h"
#include "kernels/cuda/ops/product.h"

namespace hone {

// Products with weights on a device: which kernel, or the vendor's library, and in what form each
// takes the inputs.
class CudaProducts {
public:
    CudaProducts(const CudaModel& weights, CudaWorkspace& workspace, cuda::Device& device,
                 Products& counts)
        : weights_(weights), workspace_(workspace), device_(device), counts_(counts) {}

    // y[rows] = x[rows] · Wᵀ of each, or += ; x and y in fp32. Inputs are rounded once for all of
    // them, and few rows are multiplied with several matrices in one launch.
    void multiply(std::span<const ProductOf> products, kernels::Arithmetic arithmetic,
                  const float* x, std::int64_t rows, bool accumulate) const;
    // gate.y[rows] = silu(x · Gᵀ) · (x · Uᵀ); up.y is written where the two are computed one after
    // the other.
    void gated(ProductOf gate, ProductOf up, kernels::Arithmetic arithmetic, const float* x,
               std::int64_t rows) const;

private:
    // x, and the form in which the workspace holds it.
    struct Inputs {
        const float* x;
        std::int64_t rows;
        std::optional<cuda::PlaneType> rounded_to = {};
    };

    ProductPath path_of(const cuda::Matrix& matrix, kernels::Arithmetic arithmetic,
                        std::int64_t rows) const;
    void count(const StoredTensor& weight, ProductPath path) const;
    void multiply_few(std::span<const ProductOf> products, cuda::ProductParams::Into into,
                      const float* x, std::int64_t rows) const;
    void multiply_tiles(const cuda::Matrix& matrix, Inputs& inputs, float* y,
                        bool accumulate) const;
    void multiply_dense(const cuda::Matrix& matrix, cuda::PlaneType type, Inputs& inputs, float* y,
                        bool accumulate) const;
    // False, and nothing computed, where the vendor's library turns out to have no algorithm for
    // it.
    bool multiply_bytes(const cuda::Matrix& matrix, Inputs& inputs, float* y,
                        bool accumulate) const;
    const void* rounded(Inputs& inputs, cuda::PlaneType type, std::int64_t cols) const;

    const CudaModel& weights_;
    CudaWorkspace& workspace_;
    cuda::Device& device_;
    Products& counts_;
};

}  // namespace hone
