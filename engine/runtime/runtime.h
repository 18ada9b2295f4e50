// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/core/memory.h"
#include "engine/core/progress.h"
#include "engine/model/model.h"
#include "engine/runtime/run_config.h"
#include "kernels/cpu/thread_pool.h"
#include "profiler/trace/recorder.h"

namespace hone::gpu {
class Device;
}

namespace hone {

// New tokens of one sequence for one forward pass; the sequences of a batch may differ in length.
struct SequenceInput {
    int sequence;                     // slot in [0, max_sequences)
    std::span<const TokenId> tokens;  // appended to what the sequence already holds; at least one
    bool all_logits = false;          // logits for every new token, or only for the last
};

// Runs one model in one configuration. Not thread-safe; several runtimes may share a model.
class Runtime {
public:
    // Reserves caches for `max_sequences` sequences of up to `max_context` tokens. Throws Error with the arithmetic
    // where max_context exceeds the model's context length.
    Runtime(const Model& model, const RunConfig& config, kernels::ThreadPool& pool, int max_sequences,
            std::int64_t max_context);
    // The same on a CUDA device, which must outlive the runtime: uploads the weights; `progress` tells how far that is.
    Runtime(const Model& model, const RunConfig& config, kernels::ThreadPool& pool, int max_sequences,
            std::int64_t max_context, gpu::Device& device, const Progress& progress);
    ~Runtime();

    // Forward pass over a batch. Returns logits [n, n_vocab], n = the sum over inputs, in order, of tokens.size() (all_logits) or 1;
    // valid until the next call. Throws Error where a sequence would exceed max_context, Cancelled on stop, std::bad_alloc or OutOfMemory
    // where memory ran out; the sequences are then as they were.
    std::span<const float> forward(std::span<const SequenceInput> batch, const Progress& progress = {});

    // Every operation of the passes that follow is recorded; null ends that. Results do not change by a bit.
    void trace(profiler::TraceRecorder* recorder);
    profiler::TraceRecorder* tracer() const;
    // Adds the account of a device's memory to what was recorded there.
    void describe(profiler::DeviceRecording& recording) const;
    // Of the last forward(): decode where every sequence was extended by one token.
    profiler::TracePhase last_phase() const;

    void clear(int sequence);                      // forget a sequence's tokens
    std::int64_t length(int sequence) const;       // tokens it holds
    void trim(int sequence, std::int64_t length);  // keep the first `length` tokens

    // From now on attention also computes, at the price of dense attention, which share of the dense softmax falls on what it
    // attends.
    void measure_attention_mass(bool on);

    // What one more sequence of `length` tokens needs at the most for its keys and values, in the blocks that are allocated.
    std::int64_t sequence_bytes(std::int64_t length) const;
    // Gives back what no sequence holds: empty sequences' caches, activations, workspace. What forward() returned is gone.
    void shrink();

    const Model& model() const;
    const RunConfig& config() const;
    kernels::ThreadPool& pool() const;
    // weights, kv_cache, activations and workspace as allocated now; the other classes stay 0.
    MemoryByClass memory() const;
    // On a CUDA device: the most that was held at a time since begin_peak().
    void begin_peak();
    MemoryByClass peak_memory() const;
    // Totals since construction, the evidence that a technique engaged. Rows that the last layer may leave out, because nobody
    // wants their logits, count as if it did not, in both sums of pairs.
    struct Counters {
        std::int64_t attended_pairs = 0;  // query-key pairs that the mask let through, over layers and heads
        std::int64_t skipped_pairs = 0;   // causal pairs of computed rows that it did not
        std::int64_t dense_pairs = 0;     // what dense attention with a cache would have let through
        std::int64_t batched_tokens = 0;  // decode tokens computed together with another sequence's
        std::int64_t recomputed_tokens = 0;  // tokens computed again because the cache is off
        std::int64_t forward_tokens = 0;     // tokens that callers appended
        std::int64_t reduced_products =
            0;  // products computed in config().arithmetic, where that is not fp32
        std::array<std::int64_t, kDTypes> products_of_type = {};  // products with weights stored so
        std::int64_t skipped_zeros =
            0;  // weights that products did not read, because sparse types leave zeros out
        std::int64_t reduced_kv_tokens = 0;    // tokens whose keys and values were stored in less than fp32
        std::int64_t kv_blocks = 0;            // blocks that a paged cache took
        double attention_mass = 0;             // see measure_attention_mass(), summed over …
        std::int64_t attention_mass_rows = 0;  // … queries, heads and layers that left something out
        std::int64_t non_finite_rows = 0;      // rows of logits whose hidden state held a NaN or an infinity
    };
    const Counters& counters() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// What memory() will report after a run with these sizes, from the configuration alone (no allocation); within 10 % of
// measured is the promise. `weights_bytes` is Checkpoint::bytes() after the recipe.
MemoryByClass predict_memory(const ModelConfig& model, std::int64_t weights_bytes, const RunConfig& config,
                             int threads, int max_sequences, std::int64_t max_context,
                             std::int64_t prompt_tokens);

}  // namespace hone
