// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <unordered_map>

#include "engine/core/progress.h"
#include "engine/model/model.h"
#include "engine/runtime/device/device_memory.h"
#include "kernels/cuda/ops/matrix.h"
#include "kernels/cuda/ops/pack.h"

namespace hone {

// Whether a device has a form for the matrix as it is stored: of one without data, by its type and
// shape.
bool has_device_form(const StoredTensor& matrix);

// What a DeviceModel takes on the device. Tensors need no data; one that a device has no form for
// counts as it is stored.
std::int64_t device_weight_bytes(const Checkpoint& checkpoint, const ModelConfig& config);

// A model's weights on a device: matrices as planes (kernels/cuda/ops/matrix.h), vectors as fp32.
class DeviceModel {
public:
    // Uploads all weights; those of a model without files, whose tensors have no data, are made
    // random there. Throws Error naming the tensor that a device cannot hold, and what does not
    // fit.
    DeviceModel(const Model& model, DeviceMemory& memory, const Progress& progress);

    const gpu::Matrix& matrix(const StoredTensor& tensor) const { return matrices_.at(&tensor); }
    // Weights of the matrix that are not stored.
    std::int64_t skipped_zeros(const StoredTensor& tensor) const {
        const gpu::Matrix& of = matrix(tensor);
        return of.places == nullptr ? 0 : of.rows * of.cols / 2;
    }
    const float* vector(const StoredTensor& tensor) const { return vectors_.at(&tensor); }
    const float* rope_frequencies() const { return frequencies_.data(); }

private:
    void add_matrix(const StoredTensor& tensor, const std::string& source);
    void upload_rows(const StoredTensor& tensor, const gpu::Packing& packing,
                     const gpu::PlanePointers& planes);
    void make_random(const StoredTensor& tensor, const gpu::Matrix& matrix);

    DeviceMemory& memory_;
    std::vector<Buffer<std::byte>> planes_;
    std::unordered_map<const StoredTensor*, gpu::Matrix> matrices_;
    std::unordered_map<const StoredTensor*, const float*> vectors_;
    Buffer<float> frequencies_;
};

}  // namespace hone
