// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/memory_plan.h"

#include <algorithm>

#include "engine/runtime/page_bounds.h"
#include "engine/runtime/place.h"

namespace hone {

std::int64_t bounds_bytes(const ModelConfig& model, const RunConfig& config, std::int64_t length) {
    if (config.attention.kind != AttentionMask::Kind::pages) return 0;
    const std::int64_t choosing =
        std::max<std::int64_t>(0, model.n_layers - config.attention.dense_layers);
    return page_bounds_bytes(model, config.attention.page_shift, choosing, length);
}

// The last token is chosen and never computed: no prompt, computed anew or not, is as long.
std::int64_t PassBytes::of(std::int64_t sequences) {
    const auto [known, fresh] = known_.try_emplace(sequences, 0);
    if (!fresh) return known->second;
    RunConfig run = run_;
    run.batch_size = sequences;
    const MemoryByClass planned = place_.plan_passes(model_.config, model_, run,
                                                     {.threads = threads_,
                                                      .sequences = sequences,
                                                      .context = longest_,
                                                      .positions = longest_,
                                                      .prompt = longest_ - 1});
    return known->second = planned[MemoryClass::activations] + planned[MemoryClass::workspace];
}

}  // namespace hone
