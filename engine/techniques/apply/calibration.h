// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "engine/model/model.h"

namespace hone {

// About `tokens` tokens for techniques that look at activations: sequences of at most 512, from the
// last third of the bundled text, which accuracy is not measured on unless all windows are asked
// for. Repeats where more are wanted than it has.
std::vector<std::vector<TokenId>> calibration_text(const Model& model, std::int64_t tokens);

}  // namespace hone
