// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/core/error.h"
#include "engine/core/memory.h"
#include "engine/core/progress.h"
#include "engine/model/model.h"
#include "engine/runtime/executor.h"
#include "engine/runtime/memory_plan.h"
#include "engine/runtime/run_config.h"
#include "engine/runtime/runtime.h"
#include "kernels/linear/reduced.h"
#include "profiler/trace/trace.h"

namespace hone {

// The memory that a model at a place lies in.
struct Room {
    std::optional<std::int64_t> free;  // bytes; nothing where it cannot be read
    std::int64_t total = 0;            // bytes; 0: cannot be read
    std::string name;                  // in sentences: "memory", "cuda:0's memory"
    // Whether this process lies in it too, and weights while a recipe is applied to them.
    bool holds_process = false;
};

// What is known of a place's hardware beside the machine's environment.
struct PlaceFacts {
    std::string name, uuid;
    std::string capability;  // "9.0"
    int processors = 0;
    std::int64_t memory = 0, l2 = 0;          // bytes
    int clock_mhz = 0, memory_clock_mhz = 0;  // the highest
    std::string driver, runtime;              // "13.1"
    bool divided = false;                     // a part of a divided device
};

// What a place reaches when it does nothing else: the roofs that a trace is held against. 0: nobody
// measured it.
struct PlacePeaks {
    double bandwidth = 0;  // bytes/s, read and written
    double flops = 0;      // FLOP/s
};

// Bytes by class, and the most that were held at a time.
struct MeasuredMemory {
    MemoryByClass classes;
    std::int64_t peak = 0;
};

// Follows what a run takes of its place's room. Made before the model is loaded.
class MemoryAccount {
public:
    virtual ~MemoryAccount() = default;
    // What is written to memory from now until tokenizer_made() is the tokeniser's.
    virtual void making_tokenizer() {}
    virtual void tokenizer_made() {}
    // What the room holds of this process beside what a run allocates.
    virtual std::int64_t runtime_bytes() const = 0;
    // Starts a measurement of the peak; then what was held since.
    virtual void begin_peak(Runtime& runtime) = 0;
    virtual MeasuredMemory measured(const Runtime& runtime) const = 0;
};

// A repetition to be recorded.
struct TracedRun {
    Runtime& runtime;
    std::size_t most_events;
    std::function<void()> repetition;
    // The prompts and few tokens, which nobody times: for counters that can only be read apart.
    std::function<void()> short_repetition;
};

// Where a model runs. What differs from place to place is asked here: nothing above knows which
// kind of place it has, and a place may be made of places. Questions of the first part are answered
// without opening it.
class Place {
public:
    virtual ~Place() = default;

    virtual std::string name() const = 0;  // the user's word: "cpu", "cuda:0"
    // Nothing where the machine's environment tells all, or where there is no such place.
    virtual std::optional<PlaceFacts> facts() const { return std::nullopt; }
    virtual std::vector<std::string> notes() const { return {}; }  // on every run here, for people
    // How long it may compute without a sign of life.
    virtual std::chrono::seconds patience() const { return std::chrono::seconds(0); }
    // Whether times are predicted from the calibration of this machine's kernels.
    virtual bool follows_calibration() const = 0;

    // Why products cannot be computed so here, or not with this matrix; empty where they can.
    virtual std::string refusal(kernels::Arithmetic arithmetic) const = 0;
    virtual std::string refusal(kernels::Arithmetic, const StoredTensor&) const { return {}; }

    // Why the model cannot run here as it is stored, by its headers alone: shapes and types that no
    // kernel of the place takes. Nothing where it can.
    virtual std::optional<ErrorDetails> refusal(const Checkpoint&, const ModelConfig&) const {
        return std::nullopt;
    }

    // Whether there is a form for the matrix as it is stored: of one without data, by its type and
    // shape.
    virtual bool takes(const StoredTensor& matrix) const = 0;
    // Whether products in `arithmetic` can be computed of weights without such zeros.
    virtual bool leaves_out(ZeroPattern pattern, kernels::Arithmetic arithmetic) const = 0;
    // Whether the weights of `synthetic:SHAPE` are made here, from types and shapes alone.
    virtual bool makes_synthetic_weights() const = 0;

    // How the baseline is run here.
    virtual RunConfig baseline() const = 0;

    // What Runtime::memory() reports after a generation with these sizes, from shapes alone:
    // tensors need no data, and nothing is allocated. Activations and workspace follow from the
    // graph. On a processor with one thread exact; a thread that is left without work allocates
    // less. On a CUDA device exact, unless the vendor's library refuses a product that it is
    // expected to take.
    virtual MemoryByClass plan_memory(const Checkpoint& checkpoint, const ModelConfig& model,
                                      const RunConfig& run, const RunSizes& sizes) const = 0;
    // The part of it that passes take beside weights and caches: activations and workspace of
    // sequences' prompts together, and of the last of their later passes.
    virtual MemoryByClass plan_passes(const ModelConfig& model, const BoundWeights& weights,
                                      const RunConfig& run, const RunSizes& sizes) const = 0;

    // What follows opens the place, which stays open as long as it lives. Throws Error with the
    // reason where that fails: never another place instead.
    virtual Room room() = 0;
    virtual std::unique_ptr<MemoryAccount> follow_memory() = 0;
    // Takes the model's weights there; `progress` tells how far that is. `pool`: this process's
    // threads. The place must outlive the executor. Throws Error where something does not fit.
    virtual std::unique_ptr<Executor> make_executor(const Model& model, const RunConfig& config,
                                                    kernels::ThreadPool& pool, int max_sequences,
                                                    std::int64_t max_context,
                                                    const Progress& progress) = 0;
    virtual PlacePeaks measured_peaks() { return {}; }
    virtual profiler::Trace trace(const TracedRun& run) = 0;
};

// What a place refused while it computed, for people; nothing where `error` is of another kind.
struct PlaceFailure {
    ErrorDetails details;
    bool lost = false;  // nothing that it is asked from now on works in this process
};
std::optional<PlaceFailure> place_failure(const std::exception& error);

// What every place refuses FP8 with that does not have it.
inline constexpr std::string_view kFp8Needs =
    "FP8 products need a CUDA device of compute capability 8.9 or later";

}  // namespace hone
