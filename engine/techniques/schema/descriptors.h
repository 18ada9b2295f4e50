// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/techniques/schema/schema.h"

namespace hone::descriptors {

#define HONE_TECHNIQUE(id) extern const Descriptor id;
#include "engine/techniques/list.inc"
#undef HONE_TECHNIQUE

}  // namespace hone::descriptors
