// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "engine/model/model.h"
#include "engine/runtime/operations.h"

namespace hone {

// The graph of a decoder, driven by its family's traits: takes the pass's tokens through one layer
// of `weights`. The last layer leaves only the rows whose logits are wanted. Operations that
// compute nothing, because only what would be computed is of interest, need no memory behind their
// activations.
void decoder_layer(const ModelConfig& config, const BoundWeights& weights, Operations& operations,
                   std::int64_t layer);

}  // namespace hone
