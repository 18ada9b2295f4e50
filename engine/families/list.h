// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/families/family.h"

// The families that are supported: each a file of this folder, which defines the constant named
// here.
#define HONE_FAMILIES(row) row(kLlama) row(kQwen2) row(kQwen3)

namespace hone {

#define HONE_DECLARE_FAMILY(name) extern const Family name;
HONE_FAMILIES(HONE_DECLARE_FAMILY)
#undef HONE_DECLARE_FAMILY

}  // namespace hone
