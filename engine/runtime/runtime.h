// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/core/memory.h"
#include "engine/core/progress.h"
#include "engine/model/model.h"
#include "engine/runtime/counters.h"
#include "engine/runtime/run_config.h"
#include "kernels/cpu/thread_pool.h"
#include "profiler/trace/recorder.h"

namespace hone {

class Place;

// New tokens of one sequence for one forward pass; the sequences of a batch may differ in length.
struct SequenceInput {
    int sequence;                     // slot in [0, max_sequences)
    std::span<const TokenId> tokens;  // appended to what the sequence already holds; at least one
    bool all_logits = false;          // logits for every new token, or only for the last
};

// Runs one model in one configuration. Not thread-safe; several runtimes may share a model.
class Runtime {
public:
    // Reserves caches for `max_sequences` sequences of up to `max_context` tokens. Throws Error
    // with the arithmetic where max_context exceeds the model's context length.
    Runtime(const Model& model, const RunConfig& config, kernels::ThreadPool& pool,
            int max_sequences, std::int64_t max_context);
    // The same at `place`, which must outlive the runtime, instead of on this machine's processor:
    // takes the weights there; `progress` tells how far that is.
    Runtime(const Model& model, const RunConfig& config, kernels::ThreadPool& pool,
            int max_sequences, std::int64_t max_context, Place& place, const Progress& progress);
    ~Runtime();

    // Forward pass over a batch. Returns logits [n, n_vocab], n = the sum over inputs, in order, of
    // tokens.size() (all_logits) or 1; valid until the next call. Throws Error where a sequence
    // would exceed max_context, Cancelled on stop, std::bad_alloc or OutOfMemory where memory ran
    // out; the sequences are then as they were.
    std::span<const float> forward(std::span<const SequenceInput> batch,
                                   const Progress& progress = {});

    // Every operation of the passes that follow is recorded; null ends that. Results do not change
    // by a bit.
    void trace(profiler::TraceRecorder* recorder);
    profiler::TraceRecorder* tracer() const;
    // Adds the place's account of its memory to what was recorded there.
    void describe(profiler::CudaRecording& recording) const;
    // The last forward()'s: decode where every sequence was extended by one token.
    profiler::TracePhase last_phase() const;

    void clear(int sequence);                      // forget a sequence's tokens
    std::int64_t length(int sequence) const;       // tokens it holds
    void trim(int sequence, std::int64_t length);  // keep the first `length` tokens

    // From now on attention also computes, at the price of dense attention, which share of the
    // dense softmax falls on what it attends.
    void measure_attention_mass(bool on);

    // What one more sequence of `length` tokens needs at the most for its keys and values, in the
    // blocks that are allocated.
    std::int64_t sequence_bytes(std::int64_t length) const;
    // Gives back what no sequence holds: empty sequences' caches, activations, workspace. What
    // forward() returned is gone.
    void shrink();

    const Model& model() const;
    const RunConfig& config() const;
    const Place& place() const;
    kernels::ThreadPool& pool() const;
    // weights, kv_cache, activations and workspace as allocated now; the other classes stay 0.
    MemoryByClass memory() const;
    // The most that was held at a time since begin_peak(), where the place counts it.
    void begin_peak();
    MemoryByClass peak_memory() const;
    // Totals since construction.
    using Counters = RuntimeCounters;
    const Counters& counters() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// Records a runtime's operations as long as it lives.
class Recorded {
public:
    Recorded(Runtime& runtime, profiler::TraceRecorder& recorder) : runtime_(runtime) {
        runtime_.trace(&recorder);
    }
    ~Recorded() { runtime_.trace(nullptr); }
    Recorded(const Recorded&) = delete;
    Recorded& operator=(const Recorded&) = delete;

private:
    Runtime& runtime_;
};

}  // namespace hone
