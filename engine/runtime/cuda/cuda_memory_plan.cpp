// SPDX-License-Identifier: Apache-2.0
// What runs take of a CUDA device's memory, as CudaExecutor allocates it.
#include <algorithm>

#include "engine/runtime/activations.h"
#include "engine/runtime/cuda/cuda_kv_cache.h"
#include "engine/runtime/cuda/cuda_model.h"
#include "engine/runtime/cuda/cuda_place.h"
#include "engine/runtime/cuda/cuda_shapes.h"
#include "engine/runtime/cuda/decode_bucket.h"
#include "engine/runtime/planned_passes.h"

namespace hone {

// Attention is split into the more parts, the more there are.
std::int64_t CudaPlace::processors() const {
    constexpr std::int64_t kLargest = 160;  // of the largest device there is
    const cuda::DeviceFacts* const device = found();
    return device == nullptr || device->processors <= 0 ? kLargest : device->processors;
}

// As CudaExecutor takes them: one that extends every sequence is padded to its bucket.
MemoryByClass CudaPlace::plan_passes(const ModelConfig& model, const BoundWeights& weights,
                                     const RunConfig& run, const RunSizes& sizes) const {
    const std::vector<PassShape> shapes = passes_of(run, sizes);
    const Passes passes(shapes);
    ActivationRows largest{.logits = logits_of(run, sizes)};
    CudaNeeds needs;
    for (const PassShape& shape : shapes) {
        Pass pass = passes.of(shape);
        std::int64_t slice = slice_of(run, pass);
        if (run.kv_cache != KvStorage::off && extends_all(pass)) {
            pass.pad(decode_bucket(pass.rows));
            slice = pass.rows;
            largest.logits = std::max(largest.logits, pass.rows);
        }
        largest.rows = std::max(largest.rows, pass.rows);
        largest.slice = std::max(largest.slice, slice);
        AddressedActivations memory;
        CudaShapeOperations operations(model, weights, run, memory, pass, slice,
                                       {sizes.sequences, sizes.context}, processors(), needs);
        walk_graph(model, weights, run, operations);
    }
    MemoryByClass bytes = bytes_of(needs);
    bytes[MemoryClass::activations] +=
        activation_bytes(cuda_activation_widths(model, weights, run), largest);
    return bytes;
}

MemoryByClass CudaPlace::plan_memory(const Checkpoint& checkpoint, const ModelConfig& model,
                                     const RunConfig& run, const RunSizes& sizes) const {
    MemoryByClass memory = plan_passes(model, bind_weights(checkpoint, model.n_layers), run, sizes);
    memory[MemoryClass::weights] = cuda_weight_bytes(checkpoint, model);
    if (run.kv_cache == KvStorage::off) return memory;
    const CudaKvLayout layout(model, run, sizes.context);
    const std::int64_t others = together(run, sizes) - 1;
    memory[MemoryClass::kv_cache] +=
        layout.bytes(sizes.sequences,
                     others * layout.blocks_of(sizes.positions) + layout.blocks_of(longest(sizes)));
    return memory;
}

}  // namespace hone
