// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>

#include "engine/core/memory.h"
#include "engine/model/model.h"
#include "engine/runtime/pass_shapes.h"
#include "engine/runtime/run_config.h"

namespace hone {

// What a sequence of `length` positions takes to choose pages by their bounds; 0 where nothing
// chooses.
std::int64_t bounds_bytes(const ModelConfig& model, const RunConfig& config, std::int64_t length);

// How large a run gets. As many of its sequences run together as RunConfig::batch_size says.
struct RunSizes {
    int threads = 1;             // of a processor's kernels
    std::int64_t sequences = 1;  // that the runtime has slots for
    std::int64_t context = 1;    // positions that a cache may hold, at the most …
    std::int64_t positions = 1;  // … and that a sequence reaches
    std::int64_t prompt = 1;     // tokens of a prompt
    std::int64_t window = 0;  // tokens of a text's part that one sequence is scored on; 0: none …
    std::int64_t scored_together = 0;  // … and how many of their logits are wanted at once
    // Multiprocessors of a CUDA device: the more, the more parts attention is split into. Where
    // nobody knows, those of the largest device there is.
    std::int64_t processors = 160;
};

// What Runtime::memory() reports after a generation with these sizes, from shapes alone: tensors
// need no data, and nothing is allocated. Activations and workspace follow from the graph. On a
// processor with one thread exact; a thread that is left without work allocates less. On a device
// exact, unless the vendor's library refuses a product that it is expected to take.
MemoryByClass plan_memory(const Checkpoint& checkpoint, const ModelConfig& model,
                          const RunConfig& run, const RunSizes& sizes);

// The part of it that passes take beside weights and caches: activations and workspace of
// sequences' prompts together, and of the last of their later passes.
MemoryByClass plan_passes(const ModelConfig& model, const BoundWeights& weights,
                          const RunConfig& run, const RunSizes& sizes);

// What passes of some sequences take, all of which reach `longest` positions. For who asks again
// and again while it runs.
class PassBytes {
public:
    // `model` must outlive it.
    PassBytes(const Model& model, const RunConfig& run, int threads, std::int64_t longest)
        : model_(model), run_(run), threads_(threads), longest_(longest) {}
    std::int64_t of(std::int64_t sequences);

private:
    const Model& model_;
    const RunConfig run_;
    const int threads_;
    const std::int64_t longest_;
    std::map<std::int64_t, std::int64_t> known_;  // by sequences
};

}  // namespace hone
