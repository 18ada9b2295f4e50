// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "engine/formats/checkpoint.h"

namespace hone {

// Throws Error (Fault::unsupported) for each key of the metadata that changes what the family's
// graph computes, with a value other than the one that changes nothing. Keys of the family that
// Hone does not know come back as one note; see docs/formats.md.
std::vector<std::string> check_keys(const Checkpoint& checkpoint, const Family& family);

}  // namespace hone
