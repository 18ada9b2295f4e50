// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "engine/model/model.h"
#include "engine/runtime/operations.h"

namespace hone {

// A graph: takes the pass's tokens through every layer, so that Operations::logits can follow.
using Forward = void (*)(const Model& model, Operations& operations);

// The graph of an architecture that engine/model has read. Throws Error where there is none.
Forward forward_of(std::string_view architecture);

void llama_forward(const Model& model, Operations& operations);

}  // namespace hone
