// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "engine/model/model.h"
#include "engine/runtime/run_config.h"

namespace hone {

// The textbook computation in double precision, one token and one weight at a time, sharing no code
// with the runtime but the expansion of weights: logits [tokens, n_vocab].
std::vector<std::vector<double>> reference_logits(const Model& model,
                                                  std::span<const TokenId> tokens,
                                                  const AttentionMask& mask = {});

}  // namespace hone
