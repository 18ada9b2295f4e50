// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "engine/model/model.h"
#include "engine/runtime/operations.h"

namespace hone {

// A graph: takes the pass's tokens through one layer. The last one leaves only the rows whose logits are wanted.
using LayerForward = void (*)(const Model& model, Operations& operations, std::int64_t layer);

// The graph of an architecture that engine/model has read. Throws Error where there is none.
LayerForward layer_forward_of(std::string_view architecture);

void llama_layer(const Model& model, Operations& operations, std::int64_t layer);

}  // namespace hone
