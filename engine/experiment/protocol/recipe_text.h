// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "engine/experiment/protocol/sweep.h"

namespace hone {

// A recipe's document as people read and write it: each technique's name first, its options in
// their order, one a line, those that have their defaults left out. sweep_from_json() makes the
// same recipe of it.
std::string recipe_text(const Sweep& sweep, const Registry& registry);

}  // namespace hone
