// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/memory_plan.h"

#include <algorithm>

#include "engine/runtime/activations.h"
#include "engine/runtime/kv_cache.h"
#include "engine/runtime/runtime.h"

namespace hone {

std::int64_t pass_limit(const RunConfig& config, std::int64_t sequences) {
    return std::max(config.prefill_chunk, sequences);
}

MemoryByClass predict_memory(const ModelConfig& model, std::int64_t weights_bytes, const RunConfig& config,
                             int threads, int max_sequences, std::int64_t max_context,
                             std::int64_t prompt_tokens) {
    const std::int64_t together = std::clamp<std::int64_t>(config.batch_size, 1, max_sequences);
    const std::int64_t limit = pass_limit(config, together);
    const bool cached = config.kv_cache != KvStorage::off;
    const std::int64_t rows = together * (cached ? prompt_tokens : max_context);
    const std::int64_t slice = std::clamp(rows, together, limit);

    MemoryByClass memory;
    memory[MemoryClass::weights] = weights_bytes;
    memory[MemoryClass::kv_cache] = max_sequences * contiguous_kv_bytes(model, config.kv_cache, max_context);
    memory[MemoryClass::activations] = activation_bytes(model, {cached ? slice : rows, slice, together});
    memory[MemoryClass::workspace] = 0 * threads;
    return memory;
}

}  // namespace hone
