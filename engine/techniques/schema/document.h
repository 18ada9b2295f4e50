// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "engine/techniques/schema/schema.h"

namespace hone {

// docs/techniques.md: every technique with its options, conflicts and source, made from the
// registry.
std::string techniques_markdown(const Registry& registry);

}  // namespace hone
