// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/pass_shapes.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace hone {

std::int64_t pass_limit(const RunConfig& config, std::int64_t sequences) {
    return std::max(config.prefill_chunk, sequences);
}

std::int64_t tokens_of(const PassShape& pass) {
    return std::accumulate(pass.begin(), pass.end(), std::int64_t{0},
                           [](std::int64_t sum, const Stretch& s) { return sum + s.tokens; });
}

std::vector<PassShape> prompt_passes(const RunConfig& run, std::span<const std::int64_t> prompts) {
    std::vector<PassShape> passes;
    PassShape pass;
    if (run.kv_cache == KvStorage::off) {
        for (const std::int64_t prompt : prompts) pass.push_back({0, prompt, 1});
        passes.push_back(std::move(pass));
        return passes;
    }
    const std::int64_t limit = pass_limit(run, std::ssize(prompts));
    std::int64_t rows = 0;
    for (const std::int64_t prompt : prompts) {
        for (std::int64_t position = 0; position < prompt;) {
            const std::int64_t tokens = std::min(prompt - position, limit - rows);
            position += tokens;
            rows += tokens;
            pass.push_back({position - tokens, tokens, position == prompt ? 1 : 0});
            if (rows < limit) continue;
            passes.push_back(std::exchange(pass, {}));
            rows = 0;
        }
    }
    if (!pass.empty()) passes.push_back(std::move(pass));
    return passes;
}

PassShape decode_pass(const RunConfig& run, std::span<const std::int64_t> lengths) {
    PassShape pass;
    for (const std::int64_t length : lengths)
        pass.push_back(run.kv_cache == KvStorage::off ? Stretch{0, length + 1, 1}
                                                      : Stretch{length, 1, 1});
    return pass;
}

}  // namespace hone
