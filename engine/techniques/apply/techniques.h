// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/techniques/apply/technique.h"

// What the apply.cpp of each technique defines.
namespace hone::implementations {

#define HONE_TECHNIQUE(id) std::unique_ptr<const Technique> id(const nlohmann::json& options);
#include "engine/techniques/list.inc"
#undef HONE_TECHNIQUE

}  // namespace hone::implementations
