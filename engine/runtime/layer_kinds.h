// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "engine/model/model.h"
#include "engine/runtime/run_config.h"

namespace hone {

// Layers that ask for the same operations on matrices of the same forms: looked at once for all.
struct LayerKind {
    std::int64_t layer;  // one of them
    std::int64_t count;
};

// The last layer is one of its own, and the last of the kinds: it leaves only the rows whose logits
// are wanted. Weights need no data.
std::vector<LayerKind> layer_kinds(const BoundWeights& weights, const RunConfig& run);

}  // namespace hone
