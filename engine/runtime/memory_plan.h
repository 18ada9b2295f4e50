// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "engine/core/memory.h"
#include "engine/model/model.h"
#include "engine/runtime/run_config.h"

namespace hone {

// The most rows that go through the layers together where every sequence of a batch adds at least
// one.
std::int64_t pass_limit(const RunConfig& config, std::int64_t sequences);

// What a sequence of `length` positions takes to choose pages by their bounds; 0 where nothing
// chooses.
std::int64_t bounds_bytes(const ModelConfig& model, const RunConfig& config, std::int64_t length);

// Activations and workspace of `sequences` together: of their prompts' largest pass and of every
// later one. On a device what its kernels take for themselves is estimated by what a processor's
// would.
std::int64_t pass_bytes(const ModelConfig& model, const RunConfig& config, int threads,
                        std::int64_t sequences, std::int64_t prompt_tokens, std::int64_t length);

// What Runtime::memory() will report after a run with these sizes, from the configuration alone (no
// allocation); within 10 % of measured is the promise. `weights_bytes` is Checkpoint::bytes() after
// the recipe.
MemoryByClass predict_memory(const ModelConfig& model, std::int64_t weights_bytes,
                             const RunConfig& config, int threads, int max_sequences,
                             std::int64_t max_context, std::int64_t prompt_tokens);

}  // namespace hone
