// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <unordered_map>

#include "engine/core/progress.h"
#include "engine/model/model.h"
#include "engine/runtime/cuda/cuda_memory.h"
#include "kernels/cuda/ops/matrix.h"
#include "kernels/cuda/ops/pack.h"

namespace hone {

// Whether a device has a form for the matrix as it is stored: of one without data, by its type and
// shape.
bool has_cuda_form(const StoredTensor& matrix);
// Why `source`'s model, or one of its matrices, cannot be taken to a device; nothing where it can.
std::optional<ErrorDetails> cuda_heads_refusal(const std::string& source,
                                               const ModelConfig& config);
std::optional<ErrorDetails> cuda_matrix_refusal(const std::string& source,
                                                const StoredTensor& matrix);

// What a CudaModel takes on the device. Tensors need no data; one that a device has no form for
// counts as it is stored.
std::int64_t cuda_weight_bytes(const Checkpoint& checkpoint, const ModelConfig& config);

// A model's weights on a device: matrices as planes (kernels/cuda/ops/matrix.h), vectors as fp32.
class CudaModel {
public:
    // Uploads all weights; those of a model without files, whose tensors have no data, are made
    // random there. Throws Error naming the tensor that a device cannot hold, and what does not
    // fit.
    CudaModel(const Model& model, CudaMemory& memory, const Progress& progress);

    const cuda::Matrix& matrix(const StoredTensor& tensor) const { return matrices_.at(&tensor); }
    // Weights of the matrix that are not stored.
    std::int64_t skipped_zeros(const StoredTensor& tensor) const {
        const cuda::Matrix& of = matrix(tensor);
        return of.places == nullptr ? 0 : of.rows * of.cols / 2;
    }
    const float* vector(const StoredTensor& tensor) const { return vectors_.at(&tensor); }
    const float* rope_frequencies() const { return frequencies_.data(); }

private:
    void add_matrix(const StoredTensor& tensor, const std::string& source);
    void upload_rows(const StoredTensor& tensor, const cuda::Packing& packing,
                     const cuda::PlanePointers& planes);
    void make_random(const StoredTensor& tensor, const cuda::Matrix& matrix);

    CudaMemory& memory_;
    std::vector<Buffer<std::byte>> planes_;
    std::unordered_map<const StoredTensor*, cuda::Matrix> matrices_;
    std::unordered_map<const StoredTensor*, const float*> vectors_;
    Buffer<float> frequencies_;
};

}  // namespace hone
