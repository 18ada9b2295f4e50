// SPDX-License-Identifier: Apache-2.0
// What runs take of this process's memory, as CpuExecutor allocates it.
#include <algorithm>

#include "engine/runtime/activations.h"
#include "engine/runtime/cpu_place.h"
#include "engine/runtime/cpu_shapes.h"
#include "engine/runtime/kv_cache.h"
#include "engine/runtime/planned_passes.h"

namespace hone {
namespace {

// Keys, values and bounds of one sequence that reaches `positions`.
std::int64_t cpu_kv_bytes(const ModelConfig& model, const RunConfig& run, const RunSizes& sizes,
                          std::int64_t positions) {
    const std::int64_t bounds = bounds_bytes(model, run, positions);
    if (run.kv_layout == KvLayout::paged)
        return paged_kv_bytes(model, run.kv_cache, run.kv_block_shift, positions) + bounds;
    std::int64_t capacity = next_kv_capacity(0, sizes.prompt, sizes.context);
    while (capacity < positions) capacity = next_kv_capacity(capacity, capacity + 1, sizes.context);
    return contiguous_kv_bytes(model, run.kv_cache, capacity) + bounds;
}

std::int64_t cpu_weight_bytes(const Checkpoint& checkpoint) {
    std::int64_t sum = checkpoint.bytes();
    for (const StoredTensor& tensor : checkpoint.tensors)
        if (tensor.shape.size() == 1 && tensor.type != DType::f32)  // see VectorWeights
            sum += tensor.elements() * static_cast<std::int64_t>(sizeof(float));
    return sum;
}

}  // namespace

MemoryByClass CpuPlace::plan_passes(const ModelConfig& model, const BoundWeights& weights,
                                    const RunConfig& run, const RunSizes& sizes) const {
    constexpr std::int64_t kLine = 64;  // what a thread's workspace is rounded up to
    const std::vector<PassShape> shapes = passes_of(run, sizes);
    const Passes passes(shapes);
    std::int64_t rows = 0, slice = 0, workspace = 0;
    for (const PassShape& shape : shapes) {
        Pass pass = passes.of(shape);
        rows = std::max(rows, pass.rows);
        slice = std::max(slice, slice_of(run, pass));
        AddressedActivations memory;
        CpuShapeOperations operations(model, weights, run, memory, pass, slice_of(run, pass));
        walk_graph(model, weights, run, operations);
        workspace = std::max(workspace, operations.workspace());
    }
    const ActivationWidths widths = cpu_activation_widths(model, weights, run);
    ActivationRows largest = cpu_activation_rows(widths, run, rows, slice);
    largest.logits = logits_of(run, sizes);
    MemoryByClass bytes;
    bytes[MemoryClass::activations] = activation_bytes(widths, largest);
    bytes[MemoryClass::workspace] = sizes.threads * ((workspace + kLine - 1) / kLine * kLine);
    return bytes;
}

MemoryByClass CpuPlace::plan_memory(const Checkpoint& checkpoint, const ModelConfig& model,
                                    const RunConfig& run, const RunSizes& sizes) const {
    MemoryByClass memory = plan_passes(model, bind_weights(checkpoint, model.n_layers), run, sizes);
    memory[MemoryClass::weights] = cpu_weight_bytes(checkpoint);
    memory[MemoryClass::kv_cache] =
        (together(run, sizes) - 1) * cpu_kv_bytes(model, run, sizes, sizes.positions) +
        cpu_kv_bytes(model, run, sizes, longest(sizes));
    return memory;
}

}  // namespace hone
