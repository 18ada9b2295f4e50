// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/families/family.h"

namespace hone {

// A family a file of this folder; families.cpp lists them.
extern const Family kLlama;

}  // namespace hone
