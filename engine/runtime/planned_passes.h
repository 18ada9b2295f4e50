// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/runtime/memory_plan.h"
#include "engine/runtime/pass.h"
#include "engine/runtime/pass_shapes.h"

namespace hone {

// Sequences that run together.
inline std::int64_t together(const RunConfig& run, const RunSizes& sizes) {
    return std::clamp<std::int64_t>(run.batch_size, 1, sizes.sequences);
}

// The prompts' passes, the last that generates, and those of a window that is scored.
std::vector<PassShape> passes_of(const RunConfig& run, const RunSizes& sizes);

// Tokens that no one looks at, for passes whose shape alone counts.
class Passes {
public:
    explicit Passes(const std::vector<PassShape>& shapes) {
        std::int64_t longest = 0;
        for (const PassShape& shape : shapes)
            for (const Stretch& stretch : shape) longest = std::max(longest, stretch.tokens);
        tokens_.resize(static_cast<std::size_t>(longest));
    }
    Pass of(const PassShape& shape) const {
        Pass pass;
        for (const Stretch& stretch : shape)
            pass.add(std::span(tokens_).first(static_cast<std::size_t>(stretch.tokens)),
                     stretch.position, stretch.wanted, nullptr, nullptr);
        return pass;
    }

private:
    std::vector<TokenId> tokens_;
};

// Rows of logits that are wanted at once.
inline std::int64_t logits_of(const RunConfig& run, const RunSizes& sizes) {
    return std::max(together(run, sizes), sizes.window == 0 ? 0 : sizes.scored_together);
}

// The longest that a sequence gets.
inline std::int64_t longest(const RunSizes& sizes) {
    return std::max(sizes.positions, sizes.window);
}

// Rows that go through a layer at a time.
inline std::int64_t slice_of(const RunConfig& run, const Pass& pass) {
    return std::min(pass.rows, pass_limit(run, std::ssize(pass.segments)));
}

}  // namespace hone
