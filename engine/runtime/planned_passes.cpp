// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/planned_passes.h"

#include <utility>

namespace hone {

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

}  // namespace hone
