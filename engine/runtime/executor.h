// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "engine/core/memory.h"
#include "engine/core/progress.h"
#include "engine/model/model.h"
#include "engine/runtime/counters.h"
#include "engine/runtime/kv_cache.h"
#include "engine/runtime/operations.h"
#include "engine/runtime/pass.h"
#include "engine/runtime/run_config.h"
#include "kernels/cpu/thread_pool.h"

namespace hone {

// Takes passes through a model's layers at one place, and holds what that needs there:
// activations, caches, workspace. The runtime above decides what a pass consists of.
class Executor {
public:
    virtual ~Executor() = default;

    // A sequence's cache; not called where the configuration has none.
    virtual std::unique_ptr<KvCache> make_cache() = 0;
    // Room for the logits of `rows` rows, those of the passes that follow.
    virtual void begin(std::int64_t rows) = 0;
    // One pass: its wanted rows' logits go behind those of the passes before. Counts what was
    // computed, but no pairs.
    virtual void run(Pass& pass, std::int64_t slice, Tracing& tracing, bool measures_mass,
                     RuntimeCounters& counters, const Progress& progress) = 0;
    // Logits of all passes since begin(), [rows, n_vocab]; valid until the next begin().
    virtual std::span<const float> logits() = 0;
    // Frees what no sequence holds: activations, workspace and idle blocks. The logits are gone.
    virtual void shrink() = 0;
    // kv_cache counts what sequences share; what each holds for itself is KvCache::bytes().
    virtual MemoryByClass memory() const = 0;
    // The most that memory() came to since begin_peak(), by class at that time. What lies in this
    // process's memory is measured by who watches the process.
    virtual void begin_peak() {}
    virtual MemoryByClass peak_memory() const { return memory(); }
    // Adds the place's account of its memory to what was recorded there.
    virtual void describe(profiler::CudaRecording&) const {}
};

// On this machine's processor, with `pool`'s threads.
std::unique_ptr<Executor> make_cpu_executor(const Model& model, const RunConfig& config,
                                            kernels::ThreadPool& pool, std::int64_t max_context);

}  // namespace hone
