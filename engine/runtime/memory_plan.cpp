// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/memory_plan.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "engine/runtime/activations.h"
#include "engine/runtime/cpu_shapes.h"
#include "engine/runtime/device/decode_bucket.h"
#include "engine/runtime/device/device_kv_cache.h"
#include "engine/runtime/device/device_model.h"
#include "engine/runtime/device/device_shapes.h"
#include "engine/runtime/kv_cache.h"
#include "engine/runtime/page_bounds.h"

namespace hone {
namespace {

std::int64_t together(const RunConfig& run, const RunSizes& sizes) {
    return std::clamp<std::int64_t>(run.batch_size, 1, sizes.sequences);
}

// The prompts' passes, the last that generates, and those of a window that is scored.
std::vector<PassShape> passes_of(const RunConfig& run, const RunSizes& sizes) {
    const auto sequences = static_cast<std::size_t>(together(run, sizes));
    std::vector<PassShape> passes =
        prompt_passes(run, std::vector<std::int64_t>(sequences, sizes.prompt));
    if (sizes.positions > sizes.prompt)
        passes.push_back(
            decode_pass(run, std::vector<std::int64_t>(sequences, sizes.positions - 1)));
    if (sizes.window == 0) return passes;
    const std::int64_t scored = std::min(sizes.window, sizes.scored_together);
    for (PassShape& pass : prompt_passes(run, std::vector<std::int64_t>{sizes.window}))
        passes.push_back(std::move(pass));
    passes.push_back(run.kv_cache == KvStorage::off
                         ? PassShape{{0, sizes.window, scored}}
                         : PassShape{{sizes.window - scored, scored, scored}});
    return passes;
}

// Tokens that no one looks at, for passes whose shape alone counts.
class Passes {
public:
    explicit Passes(const std::vector<PassShape>& shapes) {
        std::int64_t longest = 0;
        for (const PassShape& shape : shapes)
            for (const Stretch& stretch : shape) longest = std::max(longest, stretch.tokens);
        tokens_.resize(static_cast<std::size_t>(longest));
    }
    Pass of(const PassShape& shape) const {
        Pass pass;
        for (const Stretch& stretch : shape)
            pass.add(std::span(tokens_).first(static_cast<std::size_t>(stretch.tokens)),
                     stretch.position, stretch.wanted, nullptr, nullptr);
        return pass;
    }

private:
    std::vector<TokenId> tokens_;
};

std::int64_t logits_of(const RunConfig& run, const RunSizes& sizes) {
    return std::max(together(run, sizes), sizes.window == 0 ? 0 : sizes.scored_together);
}

// The longest that a sequence gets.
std::int64_t longest(const RunSizes& sizes) {
    return std::max(sizes.positions, sizes.window);
}

std::int64_t slice_of(const RunConfig& run, const Pass& pass) {
    return std::min(pass.rows, pass_limit(run, std::ssize(pass.segments)));
}

MemoryByClass cpu_passes(const ModelConfig& model, const BoundWeights& weights,
                         const RunConfig& run, const RunSizes& sizes) {
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

// As DeviceExecutor takes them: one that extends every sequence is padded to its bucket.
MemoryByClass device_passes(const ModelConfig& model, const BoundWeights& weights,
                            const RunConfig& run, const RunSizes& sizes) {
    const std::vector<PassShape> shapes = passes_of(run, sizes);
    const Passes passes(shapes);
    ActivationRows largest{.logits = logits_of(run, sizes)};
    DeviceNeeds needs;
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
        DeviceShapeOperations operations(model, weights, run, memory, pass, slice,
                                         {sizes.sequences, sizes.context}, sizes.processors, needs);
        walk_graph(model, weights, run, operations);
    }
    MemoryByClass bytes = bytes_of(needs);
    bytes[MemoryClass::activations] +=
        activation_bytes(device_activation_widths(model, weights, run), largest);
    return bytes;
}

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

std::int64_t bounds_bytes(const ModelConfig& model, const RunConfig& config, std::int64_t length) {
    if (config.attention.kind != AttentionMask::Kind::pages) return 0;
    const std::int64_t choosing =
        std::max<std::int64_t>(0, model.n_layers - config.attention.dense_layers);
    return page_bounds_bytes(model, config.attention.page_shift, choosing, length);
}

MemoryByClass plan_passes(const ModelConfig& model, const BoundWeights& weights,
                          const RunConfig& run, const RunSizes& sizes) {
    return run.device == DeviceKind::cuda ? device_passes(model, weights, run, sizes)
                                          : cpu_passes(model, weights, run, sizes);
}

MemoryByClass plan_memory(const Checkpoint& checkpoint, const ModelConfig& model,
                          const RunConfig& run, const RunSizes& sizes) {
    MemoryByClass memory = plan_passes(model, bind_weights(checkpoint, model.n_layers), run, sizes);
    const std::int64_t sequences = together(run, sizes);
    if (run.device == DeviceKind::cuda) {
        memory[MemoryClass::weights] = device_weight_bytes(checkpoint, model);
        if (run.kv_cache != KvStorage::off) {
            const DeviceKvLayout layout(model, run, sizes.context);
            memory[MemoryClass::kv_cache] +=
                layout.bytes(sizes.sequences, (sequences - 1) * layout.blocks_of(sizes.positions) +
                                                  layout.blocks_of(longest(sizes)));
        }
        return memory;
    }
    memory[MemoryClass::weights] = cpu_weight_bytes(checkpoint);
    memory[MemoryClass::kv_cache] =
        (sequences - 1) * cpu_kv_bytes(model, run, sizes, sizes.positions) +
        cpu_kv_bytes(model, run, sizes, longest(sizes));
    return memory;
}

// The last token is chosen and never computed: no prompt, computed anew or not, is as long.
std::int64_t PassBytes::of(std::int64_t sequences) {
    const auto [known, fresh] = known_.try_emplace(sequences, 0);
    if (!fresh) return known->second;
    RunConfig run = run_;
    run.batch_size = sequences;
    const MemoryByClass planned = plan_passes(model_.config, model_, run,
                                              {.threads = threads_,
                                               .sequences = sequences,
                                               .context = longest_,
                                               .positions = longest_,
                                               .prompt = longest_ - 1});
    return known->second = planned[MemoryClass::activations] + planned[MemoryClass::workspace];
}

}  // namespace hone
