// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/memory_plan.h"

#include <algorithm>
#include <vector>

#include "engine/runtime/activations.h"
#include "engine/runtime/device/decode_bucket.h"
#include "engine/runtime/device/device_workspace.h"
#include "engine/runtime/kv_cache.h"
#include "engine/runtime/page_bounds.h"
#include "kernels/attention/attention.h"
#include "kernels/linear/linear.h"

namespace hone {

std::int64_t pass_limit(const RunConfig& config, std::int64_t sequences) {
    return std::max(config.prefill_chunk, sequences);
}

namespace {

// A thread's workspace: the largest that any kernel of a pass of `rows` tokens asks for.
std::int64_t workspace_bytes(const ModelConfig& model, const RunConfig& config, std::int64_t rows,
                             std::int64_t positions) {
    const std::int64_t cols = std::max({model.n_embd, model.n_ff, model.n_heads * model.head_dim});
    const std::vector<kernels::MaskRow> mask(static_cast<std::size_t>(rows), {0, 0, positions});
    kernels::AttentionProblem attention{};
    attention.mask = mask.data();
    attention.tokens = rows;
    attention.n_heads = model.n_heads;
    attention.n_kv_heads = model.n_kv_heads;
    attention.head_dim = model.head_dim;
    return std::max({kernels::linear_workspace(cols, rows, config.isa),
                     kernels::attention_workspace(attention, config.isa),
                     kernels::reduced_workspace(config.arithmetic, cols, rows, config.isa)});
}

// A CUDA device's workspace: a panel of expanded weights, inputs as products take them, sums in
// int8 or FP8, and attention's parts, whose blocks fill the largest devices twice.
std::int64_t device_workspace_bytes(const ModelConfig& model, const RunConfig& config,
                                    std::int64_t rows) {
    constexpr std::int64_t kFloat = sizeof(float), kBf16 = 2, kBlocks = std::int64_t{2} * 160;
    const std::int64_t q_width = model.n_heads * model.head_dim,
                       widest = std::max({model.n_embd, model.n_ff, q_width});
    const std::int64_t largest_matrix = model.n_embd * std::max(model.n_ff, model.n_vocab) * kFloat;
    const bool bytes = config.arithmetic == kernels::Arithmetic::i8 ||
                       config.arithmetic == kernels::Arithmetic::e4m3;
    constexpr std::int64_t kPadded = 32;  // few tokens in int8
    const std::int64_t sums = config.reduced_output ? std::max(widest, model.n_vocab) : widest;
    return std::min(kPanelBytes, largest_matrix) + rows * widest * kBf16 +
           (bytes ? std::max(rows, kPadded) * (sums + 1) * kFloat : 0) +
           kBlocks * (model.n_heads / model.n_kv_heads) * (model.head_dim + 2) * kFloat;
}

std::int64_t kv_bytes(const ModelConfig& model, const RunConfig& config, std::int64_t length) {
    const std::int64_t rows =
        config.kv_layout == KvLayout::paged
            ? paged_kv_bytes(model, config.kv_cache, config.kv_block_shift, length)
            : contiguous_kv_bytes(model, config.kv_cache, length);
    return rows + bounds_bytes(model, config, length);
}

}  // namespace

std::int64_t bounds_bytes(const ModelConfig& model, const RunConfig& config, std::int64_t length) {
    if (config.attention.kind != AttentionMask::Kind::pages) return 0;
    const std::int64_t choosing =
        std::max<std::int64_t>(0, model.n_layers - config.attention.dense_layers);
    return page_bounds_bytes(model, config.attention.page_shift, choosing, length);
}

std::int64_t pass_bytes(const ModelConfig& model, const RunConfig& config, int threads,
                        std::int64_t sequences, std::int64_t prompt_tokens, std::int64_t length) {
    RunConfig together = config;
    together.batch_size = sequences;
    const MemoryByClass memory = predict_memory(model, 0, together, threads,
                                                static_cast<int>(sequences), length, prompt_tokens);
    return memory[MemoryClass::activations] + memory[MemoryClass::workspace];
}

MemoryByClass predict_memory(const ModelConfig& model, std::int64_t weights_bytes,
                             const RunConfig& config, int threads, int max_sequences,
                             std::int64_t max_context, std::int64_t prompt_tokens) {
    const std::int64_t together = std::clamp<std::int64_t>(config.batch_size, 1, max_sequences);
    const std::int64_t limit = pass_limit(config, together);
    const bool cached = config.kv_cache != KvStorage::off;
    const std::int64_t decoded =
        config.device == DeviceKind::cuda && cached ? decode_bucket(together) : together;
    const std::int64_t rows = together * (cached ? prompt_tokens : max_context);
    const std::int64_t slice = std::max(std::clamp(rows, together, limit), decoded);

    MemoryByClass memory;
    memory[MemoryClass::weights] = weights_bytes;
    memory[MemoryClass::kv_cache] = max_sequences * kv_bytes(model, config, max_context);
    memory[MemoryClass::activations] =
        activation_bytes(model, {cached ? slice : rows, slice, decoded,
                                 reduced_bytes(model, config.arithmetic, config.isa, slice)});
    memory[MemoryClass::workspace] =
        config.device == DeviceKind::cuda
            ? device_workspace_bytes(model, config, slice)
            : threads * workspace_bytes(model, config, slice, max_context);
    return memory;
}

}  // namespace hone
